"""Answers made comparable: what a row of each is about, and how it stood.

They have to be whole: what was cut could not be told from what is not there. An answer is compared
with another by :func:`~impact.difference.compare_answers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from impact.cause_answer import Cause, Causes
from impact.collision_answer import Collision, Collisions
from impact.cut_pairs import CutPairs
from impact.difference import Answered, ComparedItem, Listed, Standing
from impact.estate import Estate
from impact.estate_weak_points import EstateWeakPoints
from impact.restoration import RestorationOrder
from impact.suspects import Suspect, Suspects


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...


def nothing_there(estate: Estate) -> Answered:
    """The answer at a point where nothing of what was asked about is part of the estate."""
    return Answered(estate.revision, estate.as_of, "Nothing of it was there.", ())


def causes_of(found: Causes) -> Answered:
    """Causes: a row is the items that failed together, and the score theirs."""
    first = found.causes[0] if found.causes else None
    said = "There is no confident cause."
    if found.confident and first is not None:
        said = f"The cause is most likely {_names(first.items)}."
    rows = [
        Listed(
            key=tuple(item.id for item in cause.items),
            name=_names(cause.items),
            items=_items(cause.items),
            standing=Standing(rank, cause.state, cause.score, _explains(cause)),
        )
        for rank, cause in enumerate(found.causes, 1)
    ]
    return Answered(found.revision, found.as_of, said, rows, found.complete)


def suspects_of(found: Suspects) -> Answered:
    """Suspects: a row is an edit."""
    rows = [
        Listed(
            key=(edit.time, edit.kind, edit.summary, tuple(item.id for item in edit.items)),
            name=f"{_names(edit.items)}: {edit.summary} (revision {edit.revision})",
            items=_items(edit.items),
            standing=Standing(rank, None, edit.score, _steps_up(edit)),
        )
        for rank, edit in enumerate(found.suspects, 1)
    ]
    said = f"{_counted(found.total, 'edit')} on what they rest on."
    return Answered(found.revision, found.as_of, said, rows, found.complete)


def collisions_of(found: Collisions) -> Answered:
    """Collisions: a row is the planned failures that collide, its state the worst that they put an
    item into together."""
    rows = [
        Listed(
            key=collision.planned,
            name=" and ".join(collision.planned),
            items=_items(collision.worse),
            standing=Standing(
                rank,
                collision.worse[0].together if collision.worse else None,
                None,
                _does(collision),
            ),
        )
        for rank, collision in enumerate(found.collisions, 1)
    ]
    among = _counted(found.planned, "planned failure")
    said = f"{_counted(found.total, 'collision')} among {among}."
    return Answered(found.revision, found.as_of, said, rows, not found.incomplete)


def restoration_of(found: RestorationOrder) -> Answered:
    """A restoration order: a row is an item, its rank the wave."""
    rows = [
        Listed(
            key=item.id,
            name=_names([item]),
            items=_items([item]),
            standing=Standing(wave.number, item.state, None, _together(len(group.items) - 1)),
        )
        for wave in found.waves
        for group in wave.groups
        for item in group.items
    ]
    counts = found.counts
    said = f"{_counted(counts.items, 'item')} in {_counted(counts.waves, 'wave')}."
    return Answered(found.revision, found.as_of, said, rows, ranks="given")


def pairs_of(found: CutPairs) -> Answered:
    """Pairs of failures: a row is a pair, its score the services that go down with it. Its rank
    does not matter: it is how near the pair is."""
    rows = [
        Listed(
            key=tuple(sorted(item.id for item in pair.items)),
            name=_names(pair.items),
            items=_items(pair.items),
            standing=Standing(
                rank, None, pair.services_down, f"{_counted(pair.items_down, 'item')} down"
            ),
        )
        for rank, pair in enumerate(found.pairs, 1)
    ]
    said = f"{_counted(found.total, 'pair')} of failures."
    return Answered(found.revision, found.as_of, said, rows, found.complete, "ignored")


def ranking_of(found: EstateWeakPoints) -> Answered:
    """The weak points of an estate: a row is an item, its score the services that go down with it,
    by which they are ranked."""
    rows = [
        Listed(
            key=row.id,
            name=_names([row]),
            items=_items([row]),
            standing=Standing(
                rank,
                None,
                row.services_down,
                f"{_counted(row.items_down, 'item')} down, "
                f"{row.saved_per_redundancy:g} saved by each of {row.redundancies}",
            ),
        )
        for rank, row in enumerate(found.by_services_down, 1)
    ]
    counts = found.counts
    said = (
        f"{_counted(counts.weak_points, 'item')} of the {counts.looked_at:,} that "
        f"{_counted(counts.services, 'service')} rest on take a service down alone."
    )
    return Answered(found.revision, found.as_of, said, rows)


def _items(items: Iterable[_Named]) -> tuple[ComparedItem, ...]:
    return tuple(ComparedItem(item.id, item.kind, item.name) for item in items)


def _names(items: Sequence[_Named]) -> str:
    return " and ".join(f"{item.kind} {item.name}".strip() for item in items)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def _explains(cause: Cause) -> str:
    alerts = len(cause.explains) + len(cause.unexplained)
    return f"explains {len(cause.explains)} of {_counted(alerts, 'alert')}, {cause.quiet} quiet"


def _steps_up(edit: Suspect) -> str:
    return f"{_counted(edit.distance, 'step')} up"


def _does(collision: Collision) -> str:
    counts = (
        (collision.worse_total, "worse together"),
        (collision.shared_total, "shared"),
        (collision.inside_total, "inside the other's radius"),
    )
    return ", ".join(f"{_counted(n, 'item')} {what}" for n, what in counts if n)


def _together(others: int) -> str:
    return f"together with {_counted(others, 'other')}" if others else ""
