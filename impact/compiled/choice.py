"""Whether an estate is worth compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impact.compiled.jit import AVAILABLE

if TYPE_CHECKING:
    from impact.compiled.engine import Engine
    from impact.estate import Estate

COMPILE_FROM = 20_000
"""Estates of fewer gates are never compiled: plain Python walks all of one in half a second."""

COMPILE_AT_ONCE = 500_000
"""Estates of at least this many gates are compiled before the first walk."""

PATIENCE = 100_000
"""Items reached in plain Python, all walks taken together, after which the others are compiled: by
then they took as long as it takes to load numba and its kernels (docs/measurements.md)."""


def engine_of(estate: Estate) -> Engine | None:
    """What walks the estate fast; None for one that is small or has hardly been walked, or has
    weights that no array holds, or where there is no numba."""
    memo = estate.memo
    if memo.is_settled or not _is_due(estate):
        return memo.engine
    with memo.lock:
        if not memo.is_settled:
            if AVAILABLE:
                from impact.compiled.compile import compile_estate
                from impact.compiled.engine import Engine

                graph = compile_estate(estate)
                memo.engine = None if graph is None else Engine(graph)
            memo.is_settled = True
    return memo.engine


def _is_due(estate: Estate) -> bool:
    gates = len(estate.gates)
    if gates < COMPILE_FROM:
        return False
    return gates >= COMPILE_AT_ONCE or estate.memo.walked >= PATIENCE
