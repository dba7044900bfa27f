"""How items, links, edits and the rest are written into both stores, and read back.

A body is the JSON of the whole value with its revision numbers filled in. The one thing that moves
without a revision, when a source last saw something, lies beside it: a touch rewrites a number
instead of a body, and reading takes the later of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

import msgspec

from cmdb.items import Item, ItemReport, Link, LinkReport, WaitingLink
from cmdb.revisions import Action, Edit, Revision, Run

Entity = Literal["item", "link", "waiting"]
Seen = Mapping[int, int]
"""When a source last saw a thing (microseconds), by the position of its report."""

ReadRow = Callable[[str, Seen | None], object]
"""What is done with the JSON of a stored thing, and when sources saw it after that was written."""

_Report = TypeVar("_Report", ItemReport, LinkReport)
_Stored = TypeVar("_Stored", Item, Link, WaitingLink)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_encoder = msgspec.json.Encoder()
_item = msgspec.json.Decoder(Item)
_link = msgspec.json.Decoder(Link)
_waiting = msgspec.json.Decoder(WaitingLink)
_revision = msgspec.json.Decoder(Revision)
_run = msgspec.json.Decoder(Run)


def encode(value: object) -> str:
    """The JSON of any value of ours, as text."""
    return _encoder.encode(value).decode()


def micros(time: datetime) -> int:
    """Microseconds since 1970 in UTC: exact, and ordered as the times are."""
    return (time - _EPOCH) // _MICROSECOND


def from_micros(number: int) -> datetime:
    """The aware UTC time of :func:`micros`."""
    return _EPOCH + timedelta(microseconds=number)


def numbered(after: _Stored, before: _Stored | None, number: int) -> _Stored:
    """``after`` as revision ``number`` writes it."""
    created = number if before is None else before.created_revision
    return msgspec.structs.replace(after, created_revision=created, revision=number)


def decode_item(body: str, seen: Seen | None = None) -> Item:
    """The item of a body, with the times of later touches."""
    item = _item.decode(body)
    if not seen:
        return item
    return msgspec.structs.replace(item, reports=_touched(item.reports, seen))


def decode_link(body: str, seen: Seen | None = None) -> Link:
    """The link of a body, with the times of later touches."""
    link = _link.decode(body)
    if not seen:
        return link
    return msgspec.structs.replace(link, reports=_touched(link.reports, seen))


def decode_waiting(body: str, seen: Seen | None = None) -> WaitingLink:
    """The waiting link of a body, with the time of later touches of its one report, 0."""
    waiting = _waiting.decode(body)
    if not seen:
        return waiting
    return msgspec.structs.replace(waiting, report=_touched((waiting.report,), seen)[0])


def _touched(reports: tuple[_Report, ...], seen: Seen) -> tuple[_Report, ...]:
    found = list(reports)
    for position, number in seen.items():
        if position < len(found):
            report = found[position]
            if number > micros(report.last_seen):
                later = from_micros(number)
                found[position] = msgspec.structs.replace(report, last_seen=later)
    return tuple(found)


def carried_seen(
    before: Item | Link | WaitingLink, after: Item | Link | WaitingLink, seen: Seen
) -> dict[int, int]:
    """The touches of ``before`` that ``after`` does not know of, by the positions in ``after``.

    Who reads, reconciles and writes may have missed a touch in between; its time must not be lost,
    even where the reports have changed places.
    """
    old, new = _reports(before), _reports(after)
    carried: dict[int, int] = {}
    for position, number in seen.items():
        if position >= len(old):
            continue
        for place, report in enumerate(new):
            if _same_report(old[position], report) and number > micros(report.last_seen):
                carried[place] = number
    return carried


def _reports(entity: Item | Link | WaitingLink) -> Sequence[ItemReport | LinkReport]:
    return (entity.report,) if isinstance(entity, WaitingLink) else entity.reports


def _same_report(one: ItemReport | LinkReport, other: ItemReport | LinkReport) -> bool:
    if one.source != other.source:
        return False
    if isinstance(one, ItemReport):
        return isinstance(other, ItemReport) and (one.identifiers, one.first_seen) == (
            other.identifiers,
            other.first_seen,
        )
    return isinstance(other, LinkReport) and (one.from_key, one.to_key) == (
        other.from_key,
        other.to_key,
    )


def tag(source: str, scope: str) -> str:
    """What a report is looked up by: its source, and its scope where it has one."""
    return f"{source}\x1f{scope}" if scope else source


def tags(reports: Iterable[ItemReport | LinkReport]) -> list[str]:
    """The tags of the reports that are not retired, each once, in order."""
    found = [tag(report.source, report.scope) for report in reports if not report.retired]
    return found if len(found) < 2 else list(dict.fromkeys(found))


def decode_revision(body: str) -> Revision:
    """A revision of the log."""
    return _revision.decode(body)


def decode_run(body: str) -> Run:
    """A run."""
    return _run.decode(body)


def decode_edit(
    revision: int,
    entity: Entity,
    id_: str,
    action: str,
    reason: str,
    before: str | None,
    after: str | None,
) -> Edit:
    """An edit from its stored parts."""
    decode = _DECODE[entity]
    return Edit(
        revision=revision,
        entity=entity,
        id=id_,
        action=Action(action),
        reason=reason,
        before=decode(before) if before is not None else None,
        after=decode(after) if after is not None else None,
    )


_DECODE: Mapping[Entity, Callable[[str], Item | Link | WaitingLink]] = {
    "item": _item.decode,
    "link": _link.decode,
    "waiting": _waiting.decode,
}
