"""Reading states: from files, from folders of them, and from backends over HTTP and in S3."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from cmdb.errors import CmdbError, InvalidInput
from discovery.scanner import Failure
from discovery.terraform import TerraformSettings
from discovery.terraform.mapping import mappings
from discovery.terraform.s3 import S3, read_object, states_below
from discovery.terraform.state import State, TerraformPayload, read_state

MAX_STATE = 256 * 1024 * 1024
"""Bytes of one state; those of whole companies are far below."""


async def fetch(
    settings: TerraformSettings, targets: Sequence[str]
) -> AsyncIterator[TerraformPayload | Failure]:
    """All states of the targets in one payload, and a failure for each that can't be read.

    Raises :class:`~cmdb.errors.InvalidInput` where no target is given, and the only error where
    there is nothing but one.
    """
    if not targets:
        raise InvalidInput(
            "Name the states: cmdb scan terraform web.tfstate, a folder, the address of an HTTP "
            "backend, or s3://BUCKET/KEY."
        )
    states: list[State] = []
    errors: list[CmdbError] = []
    for target in dict.fromkeys(targets):
        try:
            found = await _named(settings, target)
        except CmdbError as error:
            errors.append(error)
            continue
        for name in found:
            try:
                states.append(await _state(settings, name))
            except CmdbError as error:
                errors.append(error)
    if not states and len(errors) == 1:
        raise errors[0]
    for failed in errors:
        yield Failure(failed.message)
    if states:
        yield TerraformPayload(_scope(targets), tuple(states))


async def _named(settings: TerraformSettings, target: str) -> list[str]:
    """What a target means: addresses and files, one by one."""
    if target.startswith(S3):
        return await asyncio.to_thread(states_below, settings, target)
    return [target] if _is_address(target) else _files(target)


async def _state(settings: TerraformSettings, name: str) -> State:
    if name.startswith(S3):
        data = await asyncio.to_thread(read_object, settings, name, MAX_STATE)
    elif _is_address(name):
        data = await _download(settings, name)
    else:
        data = await asyncio.to_thread(_read, name)
    return await asyncio.to_thread(read_state, data, name, mappings())


def _is_address(target: str) -> bool:
    return urlsplit(target).scheme in ("http", "https", "s3")


def _files(target: str) -> list[str]:
    """The file, or all states in and below the folder, by name; backups are left out."""
    path = Path(target).expanduser()
    if not path.is_dir():
        return [target]
    found = sorted(
        str(file)
        for pattern in ("*.tfstate", "terraform.tfstate.d/**/*.tfstate", "**/*.tfstate")
        for file in path.glob(pattern)
        # The folder of a working copy holds which backend it uses, in the form of a state.
        if file.is_file() and ".terraform" not in file.parts
    )
    if not found:
        raise InvalidInput(f"The folder {target} holds no file named *.tfstate; name the files.")
    return list(dict.fromkeys(found))


def _read(name: str) -> bytes:
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > MAX_STATE:
            raise InvalidInput(f"{name} is larger than {MAX_STATE // 2**20} MiB: it is no state.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{name} can't be read: {error.strerror}.") from None


async def _download(settings: TerraformSettings, address: str) -> bytes:
    from discovery.address import checked_address
    from discovery.remote import Remote, basic

    checked = checked_address(address, "https://state.example.org/web", "target")
    headers = basic(settings.user, settings.password) if settings.user or settings.password else {}
    async with Remote(checked, headers, timeout=settings.timeout) as remote:
        return remote.accepted(await remote.get(checked)).body


def _scope(targets: Sequence[str]) -> str:
    """What was looked at: the same for the same targets, wherever they are named from."""
    places = sorted({t if _is_address(t) else str(Path(t).expanduser().resolve()) for t in targets})
    text = " ".join(places)
    return f"states/{text if len(text) <= 200 else hashlib.sha256(text.encode()).hexdigest()[:32]}"
