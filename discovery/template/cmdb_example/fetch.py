"""All reading and writing is here; nothing is understood yet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cmdb.errors import CmdbError, InvalidInput
from discovery.address import checked_address
from discovery.remote import Remote, bearer
from discovery.scanner import Failure

from .payload import ExamplePayload, Machine

if TYPE_CHECKING:
    from . import ExampleSettings


class Inventory(msgspec.Struct, frozen=True):
    """The shape of an inventory."""

    machines: tuple[Machine, ...]


async def fetch(
    settings: ExampleSettings, targets: Sequence[str], since: datetime | None
) -> AsyncIterator[ExamplePayload | Failure]:
    """The inventory of each target; a target that can't be read leaves the others alone."""
    del since  # an inventory does not say what changed since a time
    if not targets:
        raise InvalidInput("Name an inventory: cmdb scan example inventory.json")
    for target in targets:
        try:
            data = await _read(settings, target)
            inventory = msgspec.json.decode(data, type=Inventory)
        except CmdbError as error:
            yield Failure(f"{target}: {error.message}")
        except msgspec.MsgspecError as error:
            yield Failure(f"{target} is no inventory: {error}")
        else:
            yield ExamplePayload(target, inventory.machines)


async def _read(settings: ExampleSettings, target: str) -> bytes:
    if target.startswith(("http://", "https://")):
        # Remote waits for busy servers, limits what is read, and shows the token to nobody else.
        headers = bearer(settings.token) if settings.token else {}
        address = checked_address(target, "https://example.org/inventory.json", "target")
        async with Remote(address, headers, timeout=settings.timeout) as remote:
            return remote.accepted(await remote.get(address)).body
    try:
        return await asyncio.to_thread(Path(target).read_bytes)
    except OSError as error:
        raise InvalidInput(f"it can't be read: {error.strerror}.") from None
