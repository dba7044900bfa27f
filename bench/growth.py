"""`python -m bench.growth`: what a blast radius costs, by what it reaches and the estate's size."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.walks import layered
from impact.compiled.engine import Engine
from impact.states import State

SIZES = (10_000, 100_000, 1_000_000)
ITEMS = 300
"""Items drawn at random from each size."""
COLOURS = ("#1b6ca8", "#c05621", "#2f7d4f", "#7a4fa3")


@dataclass(frozen=True)
class Point:
    """One answer: the items it reached, and its microseconds (the best of three)."""

    reached: int
    micros: float


def points(size: int, links_per_item: int) -> list[Point]:
    """Answers about items drawn at random from an estate with gates."""
    walked = layered(size, links_per_item, gated=True)
    engine = Engine(walked.graph)
    random = np.random.default_rng(11)
    found: list[Point] = []
    engine.walk({0: State.DOWN})
    for item in random.integers(0, size, ITEMS):
        failed = {int(item): State.DOWN}
        times: list[float] = []
        for _ in range(3):
            started = time.perf_counter()
            engine.walk(failed)
            times.append(time.perf_counter() - started)
        found.append(Point(len(engine.walk(failed).items), min(times) * 1e6))
    return found


def table(by_size: dict[int, list[Point]]) -> str:
    """Median microseconds by how many items were reached, a column for each size."""
    decades = [(10**n, 10 ** (n + 1)) for n in range(6)]
    lines = [
        "| items reached | " + " | ".join(f"of {size:,}, µs" for size in by_size) + " |",
        "|---" * (len(by_size) + 1) + "|",
    ]
    for first, last in decades:
        cells: list[str] = []
        for found in by_size.values():
            times = [p.micros for p in found if first <= p.reached < last]
            cells.append(f"{np.median(times):,.0f} ({len(times)} items)" if times else "")
        if any(cells):
            lines.append(f"| {first:,} to {last - 1:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def plot(by_size: dict[int, list[Point]]) -> str:
    """Both axes logarithmic, a colour for each size, as SVG."""
    width, height, left, bottom = 640, 400, 60, 50
    every = [p for found in by_size.values() for p in found]
    right_end = math.ceil(math.log10(max(p.reached for p in every)))
    low = math.floor(math.log10(min(p.micros for p in every)))
    high = math.ceil(math.log10(max(p.micros for p in every)))

    def x(reached: float) -> float:
        return left + math.log10(reached) / right_end * (width - left - 45)

    def y(micros: float) -> float:
        share = (math.log10(micros) - low) / (high - low)
        return height - bottom - share * (height - bottom - 20)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            'font-family="sans-serif" font-size="12">'
        ),
        "<title>Microseconds of a blast radius by the items it reaches</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    parts += [_mark(x(10**n), height - bottom, f"{10**n:,}", 18) for n in range(right_end + 1)]
    parts += [
        f'<text x="{left - 6}" y="{y(10**n) + 4:.0f}" text-anchor="end" fill="#333">'
        f"{10**n:,}</text>"
        for n in range(low, high + 1)
    ]
    parts += [
        f'<path d="M{left} 20V{height - bottom}H{width - 20}" fill="none" stroke="#333"/>',
        (
            f'<text x="{width / 2}" y="{height - 12}" text-anchor="middle" fill="#333">'
            "items reached</text>"
        ),
        '<text x="8" y="14" fill="#333">µs</text>',
    ]
    for number, (size, found) in enumerate(by_size.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += [
            f'<circle cx="{x(p.reached):.1f}" cy="{y(p.micros):.1f}" r="2.5" fill="{colour}" '
            'fill-opacity="0.6"/>'
            for p in found
        ]
        label_y = 34 + 18 * number
        parts.append(f'<circle cx="{left + 16}" cy="{label_y - 4}" r="4" fill="{colour}"/>')
        parts.append(f'<text x="{left + 26}" y="{label_y}" fill="#333">{size:,} items</text>')
    return "\n".join([*parts, "</svg>\n"])


def _mark(x: float, y: float, text: str, below: int) -> str:
    return f'<text x="{x:.0f}" y="{y + below}" text-anchor="middle" fill="#333">{text}</text>'


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write the plot where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--links-per-item", type=int, default=5)
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args(arguments)
    sizes = [int(size) for size in given.sizes.split(",")]
    by_size = {size: points(size, given.links_per_item) for size in sizes}
    print(table(by_size))
    if given.plot:
        given.plot.write_text(plot(by_size), encoding="utf-8")


if __name__ == "__main__":
    main()
