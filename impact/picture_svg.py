"""A picture as SVG: boxes in columns, a failure goes from left to right."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from impact.picture import Box, Picture
from impact.picture_text import Arrow, arrows, clean, first_line, second_line

WIDTH, HEIGHT = 200, 44
"""Of a box, in pixels."""
ACROSS, BETWEEN, MARGIN, TOP = 90, 14, 20, 48
SHOWN = 26
"""Characters of a name that fit into a box; its tooltip has all of it."""
SWEEPS = 4
ROWS = 20
"""Boxes in one column at most; more go into a column beside it."""

STYLE = (
    "text{font:13px sans-serif;fill:#1a1a1a}"
    ".state{font-size:11px}.title{font-size:15px;font-weight:bold}"
    "rect{stroke-width:1.5}.cause rect{stroke-width:4}"
    ".down rect{fill:#f8d0d0;stroke:#a32020}.degraded rect{fill:#fbe5b8;stroke:#8a5a00}"
    ".at_risk rect{fill:#d3e9f7;stroke:#1c5f8a}.up rect{fill:#ddf0dd;stroke:#2f6b2f}"
    "path{fill:none;stroke:#6b6b6b;stroke-width:1.2}marker path{fill:#6b6b6b;stroke:none}"
)
POINT = (
    '<defs><marker id="impact-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
    'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
)
"""What an arrow ends in."""


def picture_svg(picture: Picture, title: str) -> str:
    """One standalone SVG document, ending in a line break.

    It names no font, script or file from elsewhere. States are written as well as coloured; the
    picture has a title and a description, and every box and arrow a tooltip. O(boxes and edges).
    """
    joined = arrows(picture)
    columns = _columns(picture.boxes, joined)
    places = _places(columns)
    rows = max((len(column) for column in columns), default=0)
    width = max(2 * MARGIN + len(columns) * (WIDTH + ACROSS) - ACROSS, 360)
    height = TOP + MARGIN + rows * (HEIGHT + BETWEEN)
    said = escape(clean(title))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-labelledby="impact-title impact-desc">'
    )
    caption = _fitting(title, (width - 2 * MARGIN) // 8)
    parts = [
        head,
        f'<title id="impact-title">{said}</title>',
        f'<desc id="impact-desc">{escape(_description(picture))}</desc>',
        f"<style>{STYLE}</style>",
        POINT,
        f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>',
        f'<text class="title" x="{MARGIN}" y="28">{caption}</text>',
        *(_arrow(arrow, places, picture.boxes) for arrow in joined),
        *(_box(box, *places[at]) for at, box in enumerate(picture.boxes)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _description(picture: Picture) -> str:
    """The picture in words: every box and its state."""
    return "; ".join(f"{first_line(box)}: {second_line(box)}" for box in picture.boxes) or "Nothing"


def _columns(boxes: Sequence[Box], joined: Sequence[Arrow]) -> list[list[int]]:
    """Which boxes stand under each other: by their distance, the healthy before those they hold."""
    found = {at: float(box.distance) for at, box in enumerate(boxes) if box.distance is not None}
    for at, box in enumerate(boxes):
        if box.distance is None:
            held = [found[a.end] for a in joined if a.start == at and a.end in found]
            found[at] = min(held, default=1.0) - 0.5
    by_distance: dict[float, list[int]] = defaultdict(list)
    for at, distance in found.items():
        by_distance[distance].append(at)
    ranks = _untangled([by_distance[distance] for distance in sorted(by_distance)], joined)
    columns: list[list[int]] = []
    for rank in ranks:
        count = math.ceil(len(rank) / ROWS)
        columns += [rank[part::count] for part in range(count)]
    return columns


def _untangled(ranks: list[list[int]], joined: Sequence[Arrow]) -> list[list[int]]:
    """The ranks with each box near the middle of what it is joined to, to cross fewer arrows."""
    beside: dict[int, list[int]] = defaultdict(list)
    for arrow in joined:
        beside[arrow.start].append(arrow.end)
        beside[arrow.end].append(arrow.start)
    place = {at: row / max(len(rank), 1) for rank in ranks for row, at in enumerate(rank)}
    for sweep in range(SWEEPS):
        for index in range(len(ranks)) if sweep % 2 == 0 else reversed(range(len(ranks))):
            middle = {
                at: sum(place[b] for b in beside[at]) / len(beside[at]) if beside[at] else place[at]
                for at in ranks[index]
            }
            ranks[index] = sorted(ranks[index], key=lambda at, middle=middle: (middle[at], at))  # type: ignore[misc]  # mypy can't infer a default's type in a lambda
            place.update((at, row / len(ranks[index])) for row, at in enumerate(ranks[index]))
    return ranks


def _places(columns: Sequence[Sequence[int]]) -> dict[int, tuple[int, int]]:
    """The upper left corner of each box; shorter columns stand in the middle."""
    rows = max((len(column) for column in columns), default=0)
    step = HEIGHT + BETWEEN
    return {
        at: (
            MARGIN + number * (WIDTH + ACROSS),
            TOP + (rows - len(column)) * step // 2 + row * step,
        )
        for number, column in enumerate(columns)
        for row, at in enumerate(column)
    }


def _box(box: Box, x: int, y: int) -> str:
    classes = f"{box.state} cause" if box.cause else box.state
    whole = f"{first_line(box)}: {second_line(box)}"
    kind = f"{box.kind}, " if box.kind and box.count == 1 else ""
    return (
        f'<g class="{classes}"><title>{escape(whole)}</title>'
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 19}">{_fitting(box.label, SHOWN)}</text>'
        f'<text class="state" x="{x + 10}" y="{y + 35}">'
        f"{_fitting(f'{kind}{second_line(box)}', SHOWN + 8)}</text></g>"
    )


def _fitting(text: str, most: int) -> str:
    text = clean(text)
    return escape(text if len(text) <= most else f"{text[: most - 1]}…")


def _arrow(arrow: Arrow, places: Mapping[int, tuple[int, int]], boxes: Sequence[Box]) -> str:
    (x1, y1), (x2, y2) = places[arrow.start], places[arrow.end]
    start, end = y1 + HEIGHT // 2, y2 + HEIGHT // 2
    if x2 > x1:
        left, right, bend = x1 + WIDTH, x2, max((x2 - x1 - WIDTH) // 2, 30)
        course = f"M{left} {start}C{left + bend} {start} {right - bend} {end} {right} {end}"
    else:
        out, back = x1 + WIDTH, x2 + WIDTH
        turn = max(out, back) + ACROSS // 2
        course = f"M{out} {start}C{turn} {start} {turn} {end} {back} {end}"
    ends = f"{first_line(boxes[arrow.start])} → {first_line(boxes[arrow.end])}"
    tip = escape(f"{ends}: {arrow.label}")
    return f'<path d="{course}" marker-end="url(#impact-arrow)"><title>{tip}</title></path>'
