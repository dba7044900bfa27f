"""Two answers to one question, asked at two points: what came, what went, and what moved.

Every list of an answer is compared by one rule. A row has a key that says what it is about, and a
standing: its rank, state and score, and what else is said of it. Rows of one answer only are new or
gone; rows of both have changed where their standing is another.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from impact.page import Page
from impact.states import State, StateName

_Key = TypeVar("_Key", bound=Hashable)
_Row = TypeVar("_Row")
Ranks = Literal["among_both", "given", "ignored"]
"""Whether another rank is a change: ``among_both`` where it is another among the rows that both
answers have, so that one which came in front of others does not move all of them; ``given`` where
it is another number; or never."""


class ComparedItem(msgspec.Struct, frozen=True):
    """An item that a compared row is about."""

    id: str
    kind: str
    name: str


class Standing(msgspec.Struct, frozen=True):
    """How a row stood in one answer.

    ``rank`` counts from 1; in a restoration order it is the wave. ``state`` and ``score`` are None
    where such rows have none. ``text`` is what else the answer said of it, in a few words.
    """

    rank: int
    state: StateName | None
    score: float | None
    text: str


class ComparedRow(msgspec.Struct, frozen=True):
    """A row that only one of two answers has, or that both have otherwise.

    ``name`` says what it is about, ``items`` are the items among that. ``before`` and ``after`` are
    how it stood; None in the answer that does not have it.
    """

    name: str
    items: tuple[ComparedItem, ...]
    before: Standing | None
    after: Standing | None


class ComparisonCounts(msgspec.Struct, frozen=True):
    """How many rows there were and are, and how many of which differ; never cut."""

    before: int
    after: int
    new: int
    gone: int
    changed: int


class AnswerComparison(msgspec.Struct, frozen=True):
    """What differs between the answers to one question at two points.

    ``revision`` and ``as_of`` are those of the later point, ``before_revision`` and
    ``before_as_of`` of the earlier; each answer has a sentence. ``new`` and ``changed`` are in the
    order of the later answer, those that changed most first, ``gone`` in that of the earlier.
    ``counts`` are of everything, and ``truncated`` says that a list is not whole. ``complete`` says
    that both answers had looked at everything; else a row may be new or gone only because the
    search of the other answer was broken off before it.
    """

    revision: int
    as_of: datetime
    before_revision: int
    before_as_of: datetime
    before_sentence: str
    after_sentence: str
    new: tuple[ComparedRow, ...]
    gone: tuple[ComparedRow, ...]
    changed: tuple[ComparedRow, ...]
    counts: ComparisonCounts
    complete: bool
    truncated: bool


@dataclass(frozen=True)
class Difference(Generic[_Row]):
    """What differs between two lists of rows with keys, each in the order of its own list."""

    new: list[_Row]
    gone: list[_Row]
    changed: list[tuple[_Row, _Row]]
    counts: ComparisonCounts

    def cut_by(self, page: Page) -> bool:
        """Whether a list is longer than what is on the page."""
        return page.cuts(len(self.new), len(self.gone), len(self.changed))


def difference(
    then: Mapping[_Key, _Row],
    now: Mapping[_Key, _Row],
    terms: Callable[[_Row], object],
) -> Difference[_Row]:
    """What differs between two lists, given by key. Rows of both have changed where their ``terms``
    are not equal. O(rows)."""
    new = [row for key, row in now.items() if key not in then]
    gone = [row for key, row in then.items() if key not in now]
    both = [(then[key], row) for key, row in now.items() if key in then]
    changed = [(was, row) for was, row in both if terms(was) != terms(row)]
    counts = ComparisonCounts(len(then), len(now), len(new), len(gone), len(changed))
    return Difference(new, gone, changed, counts)


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of an answer, made comparable."""

    key: Hashable
    name: str
    items: tuple[ComparedItem, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, made comparable: the point it is true of, its sentence and all of its rows."""

    revision: int
    as_of: datetime
    sentence: str
    rows: Sequence[Listed]
    complete: bool = True
    ranks: Ranks = "among_both"


def compare_answers(before: Answered, after: Answered, page: Page) -> AnswerComparison:
    """What differs between two answers to one question. O(rows, sorted)."""
    then, now = ({row.key: row for row in answer.rows} for answer in (before, after))
    place = _places(then, now, after.ranks)
    found = difference(then, now, lambda row: (*_said(row.standing), place[id(row)]))

    def most(pair: tuple[Listed, Listed]) -> tuple[float, float, int, int]:
        was, row = pair[0].standing, pair[1].standing
        states = abs(_step(was.state) - _step(row.state))
        scores = abs((was.score or 0) - (row.score or 0))
        return -states, -scores, -abs(place[id(pair[0])] - place[id(pair[1])]), row.rank

    changed = sorted(found.changed, key=most)
    return AnswerComparison(
        revision=after.revision,
        as_of=after.as_of,
        before_revision=before.revision,
        before_as_of=before.as_of,
        before_sentence=before.sentence,
        after_sentence=after.sentence,
        new=page.of([_row(row, None, row) for row in found.new]),
        gone=page.of([_row(row, row, None) for row in found.gone]),
        changed=page.of([_row(row, was, row) for was, row in changed]),
        counts=found.counts,
        complete=before.complete and after.complete,
        truncated=found.cut_by(page),
    )


def _said(standing: Standing) -> tuple[object, ...]:
    return standing.state, standing.score, standing.text


def _step(state: StateName | None) -> int:
    return 0 if state is None else State[state.upper()]


def _places(
    then: Mapping[Hashable, Listed], now: Mapping[Hashable, Listed], ranks: Ranks
) -> dict[int, int]:
    """The place of each row (by identity) that is compared."""
    places: dict[int, int] = {}
    for mine, other in ((then, now), (now, then)):
        place = 0
        for key, row in mine.items():
            place += key in other
            by_rule = {"among_both": place, "given": row.standing.rank, "ignored": 0}
            places[id(row)] = by_rule[ranks]
    return places


def _row(row: Listed, before: Listed | None, after: Listed | None) -> ComparedRow:
    return ComparedRow(
        name=row.name,
        items=row.items,
        before=before.standing if before else None,
        after=after.standing if after else None,
    )
