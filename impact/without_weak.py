"""Would the answer differ without its weak evidence? A second run of the same failure."""

from __future__ import annotations

from collections.abc import Mapping

from impact.analysis import Analysis
from impact.answer import OtherState, WithoutWeakEvidence
from impact.page import Page
from impact.propagate import propagate
from impact.states import State
from impact.weak_evidence import WeakPlaces
from impact.what_if import without


def without_weak_evidence(
    analysis: Analysis, weak: WeakPlaces, *, limit: int | None = None, offset: int = 0
) -> WithoutWeakEvidence | None:
    """What the failure does if all of ``weak``, the analysis's weak evidence, is wrong.

    None where there is none. ``limit`` and ``offset`` say what of the changes is given. Costs one
    more propagation, and reading what lies behind what failed once more.
    """
    estate, page = analysis.estate, Page(limit, offset)
    failed = {estate.items[item].id for item in analysis.given}
    links = {estate.links[link].id for link in weak.links}
    items = {estate.label_of(item)[2] for item in weak.items} - failed
    if not items and not links:
        return None
    rest = without(analysis, items, links)
    given = {rest.position(estate.items[i].id): state for i, state in analysis.given.items()}
    after = {rest.items[i].id: state for i, state in propagate(rest, given).items()}
    before = {estate.items[i].id: state for i, state in analysis.states.items()}
    found = [row for row in _changed(analysis, before, after) if row[0] not in items]
    changes = [_row(analysis, *row) for row in page.of(found)]
    return WithoutWeakEvidence(
        differs=bool(found),
        items_left_out=len(items),
        links_left_out=len(links),
        worse=sum(was < now for _, was, now in found),
        better=sum(was > now for _, was, now in found),
        changes=tuple(changes),
        truncated=page.cuts(len(found)),
    )


_Change = tuple[str, State, State]


def _changed(
    analysis: Analysis, before: Mapping[str, State], after: Mapping[str, State]
) -> list[_Change]:
    """(id, before, after) of each that differs: the largest steps first, then kind and name."""
    estate = analysis.estate
    pairs = ((i, before.get(i, State.UP), after.get(i, State.UP)) for i in {*before, *after})

    def order(row: _Change) -> tuple[int, str, str, str]:
        return -abs(row[1] - row[2]), *estate.label_of(estate.index[row[0]])

    return sorted((row for row in pairs if row[1] != row[2]), key=order)


def _row(analysis: Analysis, item_id: str, before: State, after: State) -> OtherState:
    item = analysis.estate.items[analysis.estate.index[item_id]]
    return OtherState(item.id, item.kind, item.name, before.label, after.label)
