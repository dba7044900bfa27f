"""The options --at, --what-if and --include-planned, which every question about the graph has."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cmdb.cli.output import say
from cmdb.cli.run import AtOption

if TYPE_CHECKING:
    from cmdb.viewpoint import Viewpoint

WhatIfOption = Annotated[
    Path | None,
    typer.Option(
        "--what-if",
        help="Suppose the observations and removals in this file; nothing is stored.",
        metavar="FILE",
    ),
]
CompareOption = Annotated[
    str | None,
    typer.Option(
        "--compare",
        help="Show only what differs from then (a time is UTC unless it has an offset); now, "
        "beside --what-if or --at.",
        metavar="REVISION|TIME",
    ),
]
PlannedOption = Annotated[
    bool,
    typer.Option("--include-planned", help="Count planned items as if they were there."),
]


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """Which estate was asked about, as it was typed."""

    at: str | None = None
    what_if: Path | None = None
    include_planned: bool = False

    def viewpoint(self) -> Viewpoint:
        """The same for the use cases; raises :class:`~cmdb.errors.InvalidInput` for a file that
        can't be read, and for both a past point and a what-if."""
        from cmdb.viewpoint import Viewpoint
        from cmdb.what_if import what_if_file

        change = what_if_file(self.what_if) if self.what_if else None
        return Viewpoint(self.at, change, self.include_planned)

    def say_supposed(self) -> None:
        """Say above an answer that it is of what is not so."""
        if self.what_if is not None:
            say(f"Supposing {self.what_if}; nothing of it is stored.", "dim")


NO_VIEW = ViewOptions()
"""What the parameter ``view`` of a verb defaults to."""

_OPTIONS: tuple[tuple[str, Any, Any], ...] = (
    ("at", AtOption, None),
    ("what_if", WhatIfOption, None),
    ("include_planned", PlannedOption, False),
)


def with_view(verb: Callable[..., int]) -> Callable[..., int]:
    """The verb, which takes ``view``, as one that takes the three options instead."""
    hints = get_type_hints(verb, include_extras=True)
    own = inspect.signature(verb).parameters.values()
    parameters: list[inspect.Parameter] = []
    for parameter in own:
        if parameter.name == "view":
            parameters += [
                parameter.replace(name=name, annotation=kind, default=default)
                for name, kind, default in _OPTIONS
            ]
        else:
            parameters.append(parameter.replace(annotation=hints[parameter.name]))

    @wraps(verb)
    def asked(**given: Any) -> int:
        options = {name: given.pop(name) for name, _, _ in _OPTIONS}
        return verb(view=ViewOptions(**options), **given)

    asked.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]  # read by typer
    asked.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": int}
    return asked
