"""The scanner that runs a program of yours, in whatever language, and reads what it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from cmdb.catalogue import builtin
from discovery.program.payload import ProgramPayload
from discovery.scanner import Failure, Manifest, Parsed, Scanner


class ProgramSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a program."""

    scope: Annotated[
        str,
        Meta(
            description=(
                "What the program looks at, as a name; the program's own without it. Two jobs of "
                "one program that look at different things need two."
            )
        ),
    ] = ""
    full: Annotated[
        bool,
        Meta(
            description=(
                "Whether what it does not write any more is gone, where it ends with status 0."
            )
        ),
    ] = True
    timeout: Annotated[
        int, Meta(ge=1, le=86_400, description="Seconds after which it is ended.")
    ] = 600
    catalogue: Annotated[
        tuple[str, ...],
        Meta(description="Catalogue files, where it reports kinds of your own."),
    ] = ()


async def _fetch(
    settings: ProgramSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a program does not say what changed since a time
) -> AsyncIterator[ProgramPayload | Failure]:
    from discovery.program.fetch import fetch  # listing the scanners runs nothing

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: ProgramPayload, settings: ProgramSettings, time: datetime) -> Parsed:
    from discovery.program.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="program",
        title="A program of yours",
        description=(
            "Whatever a program writes to its standard output as observation lines, in the form "
            "that `cmdb import` reads. It is run without a shell, with no standard input. Status "
            "0 says that all was seen, 4 that a part is missing, any other that nothing counts."
        ),
        kinds=tuple(sorted(name for name, kind in builtin().kinds.items() if not kind.abstract)),
        relations=tuple(sorted(builtin().relations)),
        needs=("A program that writes observation lines: docs/own-scanner.md shows one.",),
        settings=ProgramSettings,
        example="cmdb scan program ./inventory.sh hall-2",
        targets="The program, and what it is called with.",
    ),
    payload=ProgramPayload,
    fetch=_fetch,
    parse=_parse,
)
