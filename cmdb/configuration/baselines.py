"""Baselines: a named revision of a set of items, and what has become of them since.

A difference is tied to the change that explains it: one that works on the item and was under way
when the revision was written. What no change explains is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from cmdb.catalogue import Category
from cmdb.errors import InvalidInput
from cmdb.items import Item, Link
from cmdb.items.value import format_time, parse_time
from cmdb.records.actor import Actor
from cmdb.records.lifecycle import Values
from cmdb.records.records import Edit, edit_record, find_record, open_record
from cmdb.revisions import Edit as Logged
from cmdb.revisions import Revision
from cmdb.revisions.views import changed_fields, revision_number
from cmdb.service import Cmdb, Point
from cmdb.store.port import ItemQuery

KIND = "Baseline"
MOST_MEMBERS = 100_000
_PAGE = 1000
_LEFT_OUT = frozenset(("status", "former_identifiers", "merged_into", "rivals"))
"""Fields that follow from others, and are no finding of their own."""


class BaselineDifference(msgspec.Struct, frozen=True):
    """One thing that differs from a baseline: a property of an item, or a link that came or went.

    ``before`` is what the baseline has. ``revision``, ``time``, ``actor`` and ``source`` are those
    of the latest edit that made the difference; ``changes`` are the numbers of the changes that
    explain it, none where it is a finding. ``controlled`` says that the property should only be
    touched by an approved change.
    """

    item: str
    kind: str
    name: str
    field: str
    before: Any
    after: Any
    controlled: bool
    revision: int
    time: datetime
    actor: str
    source: str
    changes: tuple[str, ...]


class Verification(msgspec.Struct, frozen=True):
    """A baseline against what is known now: ``findings`` counts the differences in controlled
    properties and links that no change explains. ``differences`` are sorted by item and field."""

    baseline: str
    number: str
    baseline_revision: int
    revision: int
    members: int
    findings: int
    differences: tuple[BaselineDifference, ...]


async def take_baseline(
    cmdb: Cmdb,
    actor: Actor,
    description: str,
    *,
    items: Sequence[str] = (),
    kinds: Sequence[str] = (),
    at: Point | None = None,
) -> Item:
    """Keep a revision (the latest unless told) of these items, and of all of these kinds.

    Raises :class:`~cmdb.errors.InvalidInput` for unknown items and kinds, and where there is
    nothing to keep or too much of it.
    """
    members = {(await cmdb.find(text)).id for text in items}
    for kind in kinds:
        if cmdb.catalogue.kind(kind).kind.category is not Category.CI:
            raise InvalidInput(f"A baseline is of configuration items; {kind} is a record.")
        members |= await _of_kind(cmdb, kind)
    if not members:
        raise InvalidInput("Name at least one item, or a kind that there are items of.")
    if len(members) > MOST_MEMBERS:
        raise InvalidInput(
            f"A baseline has {MOST_MEMBERS:,} items at most, not {len(members):,}; take several."
        )
    number = await revision_number(cmdb.store, await cmdb.revision() if at is None else at)
    return await open_record(
        cmdb,
        KIND,
        {
            "description": description,
            "baseline_revision": number,
            "members": sorted(members),
            "taken_at": format_time(datetime.now(UTC)),
            "taken_by": actor.name,
        },
        actor,
        reason=f"baseline of {len(members)} items as of revision {number}: {description}",
    )


async def _of_kind(cmdb: Cmdb, kind: str) -> set[str]:
    found: set[str] = set()
    after: str | None = None
    while True:
        page = await cmdb.store.query(
            ItemQuery(kinds=cmdb.catalogue.descendants(kind), limit=_PAGE, after=after)
        )
        found.update(item.id for item in page.items)
        if not page.has_next or len(found) > MOST_MEMBERS:
            return found
        after = page.cursors[-1]


async def verify_baseline(cmdb: Cmdb, baseline: str) -> Verification:
    """What has become of a baseline's items since, line by line. Costs what was edited since."""
    found = await find_record(cmdb, baseline, KIND)
    start, members = found.properties["baseline_revision"], found.properties.get("members", [])
    if not isinstance(start, int) or not isinstance(members, list):
        raise InvalidInput(f"{found.name} names no revision and no items.")
    latest = await cmdb.revision()
    rows = await _Since.read(cmdb, frozenset(members), start, latest)
    differences = tuple(sorted(await rows.differences(), key=lambda d: (d.name, d.item, d.field)))
    findings = sum(d.controlled and not d.changes for d in differences)
    return Verification(found.id, found.name, start, latest, len(members), findings, differences)


async def record_verification(cmdb: Cmdb, made: Verification, actor: Actor) -> Item:
    """Keep with the baseline when it was verified and how many findings there were: an audit."""
    values: Values = {"verified_at": format_time(datetime.now(UTC)), "findings": made.findings}
    reason = f"{made.number} verified against revision {made.revision}: {made.findings} findings"
    return await edit_record(cmdb, made.baseline, Edit(values=values, reason=reason), actor)


class _Since:
    """The edits of a baseline's members since it was taken."""

    def __init__(self, cmdb: Cmdb, members: frozenset[str]) -> None:
        self.cmdb = cmdb
        self.members = members
        self.first: dict[str, Logged] = {}
        self.edits: dict[str, list[Logged]] = {}
        self.revisions: dict[int, Revision] = {}

    @classmethod
    async def read(cls, cmdb: Cmdb, members: frozenset[str], start: int, end: int) -> _Since:
        """What was edited after ``start`` and not after ``end``."""
        since = cls(cmdb, members)
        async for edit in cmdb.store.edits(start, end):
            entity = edit.after or edit.before
            touched = (
                entity.id in members
                if isinstance(entity, Item)
                else isinstance(entity, Link)
                and (entity.from_id in members or entity.to_id in members)
            )
            if touched:
                since.edits.setdefault(edit.id, []).append(edit)
        wanted = {edit.revision for edits in since.edits.values() for edit in edits}
        after = start
        while wanted and after < max(wanted):
            page = await cmdb.store.revisions(after, limit=_PAGE)
            since.revisions.update((r.number, r) for r in page if r.number in wanted)
            after = page[-1].number
        return since

    async def differences(self) -> list[BaselineDifference]:
        """The differences, each with the changes that explain it."""
        rows: list[BaselineDifference] = []
        work = await self._work()
        ends = await self.cmdb.store.items(self._ends())
        for edits in self.edits.values():
            entity = edits[-1].after or edits[0].before
            if isinstance(entity, Item):
                rows += self._of_item(edits, work)
            elif isinstance(entity, Link) and self._matters(entity, ends):
                rows += self._of_link(edits, entity, ends, work)
        return rows

    def _ends(self) -> set[str]:
        links = [e.after or e.before for edits in self.edits.values() for e in edits]
        return {i for k in links if isinstance(k, Link) for i in (k.from_id, k.to_id)}

    def _matters(self, link: Link, ends: Mapping[str, Item]) -> bool:
        """Whether it is between two configuration items: a record's link is no difference."""
        kinds = [ends[i].kind for i in (link.from_id, link.to_id) if i in ends]
        catalogue = self.cmdb.catalogue
        return all(
            k in catalogue.kinds and catalogue.kind(k).kind.category is Category.CI for k in kinds
        )

    def _of_item(
        self, edits: Sequence[Logged], work: Mapping[str, list[_Work]]
    ) -> list[BaselineDifference]:
        before, after = edits[0].before, edits[-1].after
        item = after or before
        if not isinstance(item, Item):
            return []
        declared = self.cmdb.catalogue.kind(item.kind).properties
        rows: list[BaselineDifference] = []
        fields = changed_fields(before, after)
        for name, (old, new) in fields.items():
            short = name.removeprefix("properties.")
            if name in _LEFT_OUT or (name == "name" and "properties.name" in fields):
                continue
            last = next(e for e in reversed(edits) if name in changed_fields(e.before, e.after))
            controlled = short in declared and declared[short].controlled
            rows.append(self._row(item, short, (old, new), controlled, last, work))
        return rows

    def _of_link(
        self,
        edits: Sequence[Logged],
        link: Link,
        ends: Mapping[str, Item],
        work: Mapping[str, list[_Work]],
    ) -> list[BaselineDifference]:
        was, now = _stands(edits[0].before), _stands(edits[-1].after)
        if was == now:
            return []
        start, end = ends.get(link.from_id), ends.get(link.to_id)
        member = start if link.from_id in self.members else end
        if start is None or end is None or member is None:
            return []
        other = f"{link.relation} {start.name} -> {end.name}"
        values = (other if was else None, other if now else None)
        return [self._row(member, link.relation, values, True, edits[-1], work)]

    def _row(
        self,
        item: Item,
        field: str,
        values: tuple[Any, Any],
        controlled: bool,
        edit: Logged,
        work: Mapping[str, list[_Work]],
    ) -> BaselineDifference:
        revision = self.revisions[edit.revision]
        explained = [w.number for w in work.get(item.id, ()) if w.covers(revision.time)]
        return BaselineDifference(
            item.id,
            item.kind,
            item.name,
            field,
            *values,
            controlled,
            revision.number,
            revision.time,
            revision.actor,
            revision.source,
            tuple(explained),
        )

    async def _work(self) -> dict[str, list[_Work]]:
        """When changes were under way on each member."""
        links = await self.cmdb.store.links(self.members, "in", ["CHANGES"])
        changes = await self.cmdb.store.items({k.from_id for k in links if k.status != "retired"})
        found: dict[str, list[_Work]] = {}
        for link in links:
            change = changes.get(link.from_id)
            start = change.properties.get("work_start") if change else None
            if change is None or not isinstance(start, str):
                continue
            end = change.properties.get("work_end")
            over = parse_time(end) if isinstance(end, str) else None
            made = _Work(change.name, parse_time(start), over)
            found.setdefault(link.to_id, []).append(made)
        return found


class _Work(msgspec.Struct, frozen=True):
    """When a change was under way; ``end`` is None while it is."""

    number: str
    start: datetime
    end: datetime | None

    def covers(self, time: datetime) -> bool:
        return self.start <= time and (self.end is None or time <= self.end)


def _stands(link: object) -> bool:
    return isinstance(link, Link) and link.status != "retired"
