"""What all written forms of a picture share: the words on a box and on an arrow."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from impact.picture import Box, Picture
from impact.render import spoken

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
"""What XML can't hold, and what would break a line of a drawing's source."""

MOST_CHARACTERS = 200
"""Of one name, in any form."""


class Arrow(NamedTuple):
    """All edges between two boxes, by their places in the picture, and what to write on them."""

    start: int
    end: int
    label: str


def clean(text: str) -> str:
    """One line of printable text, shortened where it is very long."""
    text = _UNPRINTABLE.sub(" ", text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def first_line(box: Box) -> str:
    """``Server web1``, or ``14 Server`` for a stack."""
    return clean(box.label if box.count > 1 or not box.kind else f"{box.kind} {box.label}")


def second_line(box: Box) -> str:
    """The state in words: ``down``; for what was given as failed ``down, failed itself``."""
    return f"{spoken(box.state)}, failed itself" if box.cause else spoken(box.state)


def arrows(picture: Picture) -> list[Arrow]:
    """The edges of the picture with those between the same two boxes put together."""
    place = {box.id: at for at, box in enumerate(picture.boxes)}
    labels: dict[tuple[int, int], list[str]] = defaultdict(list)
    for edge in picture.edges:
        label = edge.relation if edge.count == 1 else f"{edge.relation} ×{edge.count}"
        labels[place[edge.from_id], place[edge.to_id]].append(clean(label))
    return [Arrow(start, end, ", ".join(said)) for (start, end), said in sorted(labels.items())]
