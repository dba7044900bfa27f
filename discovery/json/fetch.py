"""Reading JSON: files, and addresses page after page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from cmdb.errors import CmdbError, InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.address import bare, checked_address
from discovery.json import JsonSettings
from discovery.json.extract import things_of
from discovery.json.mapping import JsonMapping, read_mapping
from discovery.json.payload import JsonPayload, Thing
from discovery.remote import Remote, decoded
from discovery.scanner import Failure

MOST_BYTES = 256 * 1024 * 1024
"""Of one file."""


async def fetch(
    settings: JsonSettings, targets: Sequence[str]
) -> AsyncIterator[JsonPayload | Failure]:
    """The documents of each target, and a failure for each that can't be read.

    Raises :class:`~cmdb.errors.InvalidInput` where no mapping or target is given, and the only
    error where there is nothing but one.
    """
    mapping = mapping_of(settings)
    if not targets:
        raise InvalidInput(
            "Name what to read: cmdb scan json devices.json, or the address of an API."
        )
    scope = settings.name or Path(settings.mapping.path).stem
    errors: list[CmdbError] = []
    read = 0
    for target in dict.fromkeys(targets):
        try:
            things = await _things(settings, mapping, target)
        except CmdbError as error:
            errors.append(error)
            yield Failure(f"{bare(target)}: {error.sentence()}", hides_links=True)
        else:
            read += 1
            yield JsonPayload(scope, bare(target), tuple(things))
    if not read and len(errors) == 1:
        raise errors[0]


def mapping_of(settings: JsonSettings) -> JsonMapping:
    """The mapping that the settings name; raises :class:`~cmdb.errors.InvalidInput`."""
    if not settings.mapping:
        raise InvalidSettings(
            "A mapping is needed: --set mapping=FILE. docs/any-json.md has three."
        )
    return read_mapping(settings.mapping.text, settings.mapping.path)


async def _things(settings: JsonSettings, mapping: JsonMapping, target: str) -> list[Thing]:
    if urlsplit(target).scheme in ("http", "https"):
        return [thing async for thing in _pages(settings, mapping, target)]
    documents = await asyncio.to_thread(_file, target)
    return [thing for document in documents for thing in things_of(mapping, target, document)]


def _file(target: str) -> list[Any]:
    path = Path(target).expanduser()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"it is larger than {MOST_BYTES // 2**20} MiB.")
        data = path.read_bytes()
        if path.suffix in (".ndjson", ".jsonl"):
            return [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
        return [msgspec.json.decode(data)]
    except OSError as error:
        raise InvalidInput(f"it can't be read: {error.strerror}.") from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidInput(f"it is no JSON: {error}.") from None


async def _pages(settings: JsonSettings, mapping: JsonMapping, target: str) -> AsyncIterator[Thing]:
    """What the answers of an address have, by the link that each names or sends in its header."""
    parts = urlsplit(target)
    if parts.username is not None or parts.password is not None:
        raise InvalidSettings("it has a user or password in it; there is the setting token.")
    address = f"{parts.scheme}://{parts.netloc}"
    if settings.token:
        checked_address(address, "https://racks.example.org/api/devices", "target")
    token = f"{settings.scheme} {settings.token.value}".strip()
    headers = {settings.header: token} if settings.token else {}
    seen: set[str] = set()
    following: str | None = target
    async with Remote(address, headers, timeout=settings.timeout) as remote:
        while following is not None:
            if following in seen:
                raise RemoteUnavailable(
                    f"its pages lead in a circle: {bare(following)} came twice."
                )
            if len(seen) == settings.most_pages:
                raise RemoteUnavailable(
                    f"it has more than {settings.most_pages} pages: set most_pages to read them."
                )
            seen.add(following)
            answer = remote.accepted(await remote.get(following))
            document = decoded(answer, remote.host)
            if not isinstance(document, dict | list):
                raise RemoteUnavailable(
                    f"{remote.host} answered with neither an object nor a list: is the address "
                    "right?"
                )
            for thing in things_of(mapping, target, document):
                yield thing
            named = mapping.next_page.of(document) if mapping.next_page else None
            following = (
                urljoin(following, named) if isinstance(named, str) and named else answer.next
            )
