"""What-if: the estate as it would be after changes that nobody stores.

The changes are given as observations, one JSON object a line, as an import takes them. They are
reconciled with what is stored as an import would, and the outcome is put into the graph in memory.
Lines of ``{"remove": …}`` take an item or a link out, which observations have no word for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import msgspec

from cmdb.errors import InvalidInput
from cmdb.exchange.jsonl import decode_lines
from cmdb.exchange.problems import Problems
from cmdb.exchange.reader import PlacedLink, check_ends, open_ends
from cmdb.exchange.record import Defaults, FlawedRecord, Line, observation
from cmdb.ingest import Ingest
from cmdb.items import ItemObservation, Link, link_id
from cmdb.reconcile.items import Rules
from cmdb.revisions import Action, Delta
from cmdb.service import Cmdb
from impact import Estate
from impact.what_if import altered

SOURCE = "what-if"
"""Whose word a line is that names no source. It goes before every other."""
MOST_BYTES = 64 * 1024 * 1024


class RemovedLink(
    msgspec.Struct,
    forbid_unknown_fields=True,
    rename={"from_key": "from", "to_key": "to"},
):
    """A stored link by its relation and its ends: ids, identifiers or unique names."""

    relation: str
    from_key: str
    to_key: str


class Removal(msgspec.Struct, forbid_unknown_fields=True):
    """What a line takes out: an item or a link."""

    item: str | None = None
    link: RemovedLink | None = None


class WhatIfLine(Line, forbid_unknown_fields=True, omit_defaults=True):
    """One line: an observation, or ``remove``."""

    remove: Removal | None = None


_decoder = msgspec.json.Decoder(WhatIfLine)


@dataclass(frozen=True)
class WhatIf:
    """Changes that are not stored: the lines, and what errors call them."""

    lines: bytes
    name: str = "what-if"


@dataclass(slots=True)
class _Changes:
    items: list[ItemObservation] = field(default_factory=list)
    links: list[PlacedLink] = field(default_factory=list)
    removals: list[tuple[int, Removal]] = field(default_factory=list)


def what_if_file(path: Path) -> WhatIf:
    """The changes in a file. Raises :class:`~cmdb.errors.InvalidInput` where it can't be read."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path} is larger than {MOST_BYTES // 2**20} MiB.")
        return WhatIf(path.read_bytes(), str(path))
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from None


async def hypothetical(cmdb: Cmdb, what_if: WhatIf, *, include_planned: bool = False) -> Estate:
    """The latest estate with the changes in it; nothing is stored.

    What is removed goes first, then the observations come in. The estate's ``revision`` is the one
    that it was made from. Raises :class:`~cmdb.errors.InvalidInput` with every problem of the
    lines: among them links whose ends are unknown and observations that nothing identifies, which
    would change nothing. Costs building an estate.
    """
    read = await asyncio.to_thread(_read, cmdb, what_if)
    kinds = _kinds(read)
    await cmdb.check_open_ends(open_ends(read.links, kinds), kinds)
    estate = await cmdb.estate(include_planned=include_planned)
    gone_items, gone_links = await _removed(cmdb, read, estate, what_if.name)
    delta = await _reconciled(cmdb, read, what_if.name)
    back = [c.after.id for c in delta.items if c.after.id in estate.left_out]
    links = [*await cmdb.store.links(back)] if back else list[Link]()
    links += [c.after for c in delta.links if c.after is not None]
    joined = {c.before.id for c in delta.links if c.after is None and c.before is not None}
    return await asyncio.to_thread(
        altered,
        estate,
        remove_items=gone_items,
        remove_links=gone_links | {link for link in joined if estate.link_with(link) is not None},
        add_items=[c.after for c in delta.items],
        add_links=links,
        include_planned=include_planned,
    )


def _read(cmdb: Cmdb, what_if: WhatIf) -> _Changes:
    read, problems = _Changes(), Problems()
    defaults = Defaults(SOURCE, datetime.now(UTC))
    for number, line in decode_lines(BytesIO(what_if.lines), what_if.name, problems, _decoder):
        if line.remove is not None:
            if wrong := _removal_flaw(line):
                problems.add(wrong, what_if.name, number, "remove")
            read.removals.append((number, line.remove))
            continue
        try:
            seen = observation(line, defaults, cmdb.catalogue)
        except FlawedRecord as flawed:
            for flaw in flawed.flaws:
                problems.add(flaw.message, what_if.name, number, flaw.field)
            continue
        if isinstance(seen, ItemObservation):
            read.items.append(seen)
        else:
            read.links.append((what_if.name, number, seen))
    check_ends(read.links, _kinds(read), cmdb.catalogue, problems)
    problems.raise_if_any()
    if not (read.items or read.links or read.removals):
        raise InvalidInput(f"{what_if.name} has no lines, so there is nothing to suppose.")
    return read


def _removal_flaw(line: WhatIfLine) -> str | None:
    assert line.remove is not None
    if line.item is not None or line.link is not None:
        return 'a line has either "remove" or an observation'
    if (line.remove.item is None) == (line.remove.link is None):
        return 'it names either an "item" or a "link"'
    return None


def _kinds(read: _Changes) -> dict[str, str]:
    return {key: seen.kind for seen in read.items for key in seen.identifiers}


async def _removed(
    cmdb: Cmdb, read: _Changes, estate: Estate, name: str
) -> tuple[set[str], set[str]]:
    """The ids of the items and links that lines take out of the estate."""
    items, links, problems = set[str](), set[str](), Problems()
    for number, removal in read.removals:
        try:
            if removal.item is not None:
                items.add(estate.items[estate.position(await _known(cmdb, removal.item))].id)
            elif removal.link is not None:
                links.add(await _link(cmdb, removal.link, estate))
        except InvalidInput as error:
            problems.add(error.message, name, number, "remove")
    problems.raise_if_any()
    return items, links


async def _known(cmdb: Cmdb, text: str) -> str:
    return (await cmdb.find(text)).id


async def _link(cmdb: Cmdb, removed: RemovedLink, estate: Estate) -> str:
    relation = cmdb.catalogue.relation(removed.relation)
    ends = await _known(cmdb, removed.from_key), await _known(cmdb, removed.to_key)
    wanted = {link_id(relation.name, *ends)}
    if relation.symmetric:
        wanted.add(link_id(relation.name, *reversed(ends)))
    position = estate.position(ends[0])
    for link in estate.links_at.get(position, ()):
        if estate.links[link].id in wanted:
            return estate.links[link].id
    raise InvalidInput(
        f"There is no link {removed.from_key} {relation.name} {removed.to_key} to be removed."
    )


async def _reconciled(cmdb: Cmdb, read: _Changes, name: str) -> Delta:
    """What storing the observations would change; raises for those that would change nothing."""
    settings = cmdb.settings
    precedence = (SOURCE, *(s for s in settings.source_precedence if s != SOURCE))
    rules = Rules(cmdb.catalogue, replace(cmdb.rules.policy, precedence=precedence))
    ingest = Ingest(cmdb.store, rules, settings.actor)
    delta, outcome, _ = await ingest.reconcile(read.items, [seen for _, _, seen in read.links])
    problems = Problems()
    for rejected in outcome.rejected:
        problems.add(rejected.reason, name)
    lines = {(o.relation, o.from_key, o.to_key): number for _, number, o in read.links}
    for waiting in (c.after for c in delta.waiting if c.action is Action.CREATED):
        if waiting is not None:
            key = (waiting.relation, waiting.report.from_key, waiting.report.to_key)
            problems.add(f"the link leads nowhere: {waiting.reason}", name, lines.get(key), "link")
    problems.raise_if_any()
    return delta
