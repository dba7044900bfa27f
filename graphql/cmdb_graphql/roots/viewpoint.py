"""The arguments at, whatIf and includePlanned, which every question about the graph has."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

import strawberry

from cmdb.errors import InvalidInput
from cmdb.viewpoint import Viewpoint
from cmdb.what_if import WhatIf

MAX_ROWS = 10_000
"""Rows of an answer's list at most."""

Limit = Annotated[int, strawberry.argument(f"Rows of each list, {MAX_ROWS} at most.")]

Offset = Annotated[
    int, strawberry.argument("Rows of each list to pass over: where the page begins.")
]

At = Annotated[
    str | None,
    strawberry.argument("As of a revision number or a time (UTC unless it has an offset)."),
]
Planned = Annotated[bool, strawberry.argument("Count planned items as if they were there.")]
Supposed = Annotated[
    str | None,
    strawberry.argument(
        "Changes to suppose, which are not stored: observations as JSON Lines, and lines such as "
        '{"remove": {"item": identifier}} or {"remove": {"link": {"relation", "from", "to"}}}.'
    ),
]

Since = Annotated[
    str,
    strawberry.argument(
        "The point to compare with: a revision number, a time, or now beside `at` or `whatIf`."
    ),
]

_ARGUMENTS: tuple[tuple[str, Any, Any], ...] = (
    ("at", At, None),
    ("what_if", Supposed, None),
    ("include_planned", Planned, False),
)

Resolver = Callable[..., Awaitable[Any]]


def with_view(resolver: Resolver) -> Resolver:
    """The resolver, which takes ``view``, as one that takes the three arguments instead.

    A ``limit`` that it takes as well is checked on the way.
    """
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(resolver).parameters.values():
        if parameter.name == "view":
            parameters += [
                parameter.replace(name=name, annotation=kind, default=default)
                for name, kind, default in _ARGUMENTS
            ]
        else:
            parameters.append(parameter)

    @wraps(resolver)
    async def resolve(
        *args: Any,
        at: str | None = None,
        what_if: str | None = None,
        include_planned: bool = False,
        **given: Any,
    ) -> Any:
        checked_rows(given.get("limit", 0))
        supposed = None if what_if is None else WhatIf(what_if.encode(), "whatIf")
        return await resolver(*args, view=Viewpoint(at, supposed, include_planned), **given)

    resolve.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # read by strawberry
    resolve.__annotations__ = {p.name: p.annotation for p in parameters}
    return resolve


def checked_rows(limit: int) -> int:
    """``limit`` where a list may be that long; raises :class:`~cmdb.errors.InvalidInput`."""
    if not 0 <= limit <= MAX_ROWS:
        raise InvalidInput(f"The limit must be 0 to {MAX_ROWS}, not {limit}.")
    return limit
