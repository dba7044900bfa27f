"""The scanner of any JSON: files, and what an API answers, as a mapping of yours has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from cmdb.catalogue import builtin
from discovery.json.payload import JsonPayload
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret, TextFile


class JsonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of JSON."""

    mapping: Annotated[
        TextFile, Meta(description="The TOML file that says what is what; it is needed.")
    ] = TextFile()
    name: Annotated[
        str,
        Meta(
            description=(
                "What the source is called; that of the mapping's file without it. Ids are those "
                "of this source, and links by them stay within it."
            )
        ),
    ] = ""
    token: Annotated[Secret, Meta(description="The API's token, by where it is kept.")] = Secret()
    header: Annotated[str, Meta(description="The header that the token is shown in.")] = (
        "authorization"
    )
    scheme: Annotated[
        str, Meta(description="What stands before the token in its header; may be empty.")
    ] = "Bearer"
    timeout: Annotated[int, Meta(ge=1, le=3600, description="Seconds to wait for an answer.")] = 30
    most_pages: Annotated[
        int, Meta(ge=1, le=100_000, description="Pages of one target that are read at most.")
    ] = 1000
    full: Annotated[
        bool,
        Meta(description="Whether what the targets do not show any more is gone."),
    ] = True


async def _fetch(
    settings: JsonSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # nothing is known of what changed since a time
) -> AsyncIterator[JsonPayload | Failure]:
    from discovery.json.fetch import fetch  # listing the scanners reads no mapping

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: JsonPayload, settings: JsonSettings, time: datetime) -> Parsed:
    from discovery.json.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="json",
        title="Any JSON, by a mapping",
        description=(
            "What a JSON file holds or an API answers, page after page. A TOML file of JMESPath "
            "expressions says which parts are items, what identifies them, and how they are linked."
        ),
        kinds=tuple(sorted(n for n, kind in builtin().kinds.items() if not kind.abstract)),
        relations=tuple(sorted(builtin().relations)),
        needs=("A mapping: docs/any-json.md has three.",),
        settings=JsonSettings,
        example="cmdb scan json https://racks.example.org/api/devices --set mapping=racks.toml",
        targets="Files (.json, or .ndjson with one document a line), or addresses.",
    ),
    payload=JsonPayload,
    fetch=_fetch,
    parse=_parse,
)
