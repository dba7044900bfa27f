"""Whether an estate is worth compiling."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from impact.compiled.jit import AVAILABLE

if TYPE_CHECKING:
    from impact.compiled.engine import Engine
    from impact.estate import Estate

COMPILE_FROM = int(os.environ.get("CMDB_COMPILE_FROM", "20000"))
"""Estates of at least this many gates are compiled. Below, plain Python has answered before the
kernels are loaded (docs/measurements.md)."""


def engine_of(estate: Estate) -> Engine | None:
    """What walks the estate fast, made when first asked for; None for one that is small, or has
    weights that no array holds, or where there is no numba."""
    memo = estate.memo
    if memo.is_settled:
        return memo.engine
    with memo.lock:
        if not memo.is_settled:
            if AVAILABLE and len(estate.gates) >= COMPILE_FROM:
                from impact.compiled.compile import compile_estate
                from impact.compiled.engine import Engine

                graph = compile_estate(estate)
                memo.engine = None if graph is None else Engine(graph)
            memo.is_settled = True
    return memo.engine
