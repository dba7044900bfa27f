"""Edits as an analysis is told of them: who changed what, when, and how."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

import msgspec


class Edit(msgspec.Struct, frozen=True):
    """One edit of an item, or of a link between two.

    ``items`` is the id of the item, or are those of the link's ends. ``kind`` is what was done
    (``created``, ``updated``, ``retired``, …), ``summary`` says it in a few words. ``together``
    counts the edits of its revision.
    """

    items: tuple[str, ...]
    time: datetime
    kind: str
    summary: str
    revision: int
    actor: str
    is_link: bool = False
    together: int = 1


_WORTH = {"created": 0.5, "returned": 0.5, "merged": 0.7, "split": 0.7, "missing": 0.8}


def worth(edit: Edit) -> float:
    """How suspicious an edit is, above 0 up to 1.

    What was changed or taken away counts in full, a new link (a new dependency) less, and a new
    item, which nothing has worked with yet, by half. One edit among many of a revision, as of a
    scan, says less than one that was made alone: among ten it counts half, among a hundred a third.
    """
    of_kind = 0.8 if edit.is_link and edit.kind == "created" else _WORTH.get(edit.kind, 1.0)
    return of_kind / (1 + math.log10(max(edit.together, 1)))


def by_item(edits: Iterable[Edit]) -> dict[str, list[Edit]]:
    """The edits of each item, those of its links included; the latest first."""
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        for item in {*edit.items}:
            found.setdefault(item, []).append(edit)
    for rows in found.values():
        rows.sort(key=lambda e: (e.time, e.revision, e.summary), reverse=True)
    return found
