"""Running the program: bounded in time and in what it writes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import PurePath

from cmdb.errors import InvalidInput, RemoteUnavailable
from discovery.program import ProgramSettings
from discovery.program.payload import ProgramPayload
from discovery.scanner import Failure

MOST_BYTES = 256 * 1024 * 1024
"""What a program may write."""
SAID = 500
"""Characters of what it says on its error stream that are repeated: the last ones."""
PARTIAL = 4
ENDED_WITHIN = 10
"""Seconds until a killed program is gone; one that it set free may hold its pipes for longer."""
PIECE = 64 * 1024


async def fetch(
    settings: ProgramSettings, targets: Sequence[str]
) -> AsyncIterator[ProgramPayload | Failure]:
    """What the program wrote, and a failure where it says that a part is missing.

    Raises :class:`~cmdb.errors.InvalidInput` where there is no such program, and
    :class:`~cmdb.errors.RemoteUnavailable` where it fails, takes too long or writes too much.
    """
    if not targets:
        raise InvalidInput("Name the program: cmdb scan program ./inventory.sh")
    name = PurePath(targets[0]).name
    status, lines, said = await _run(name, targets, settings.timeout)
    if status not in (0, PARTIAL):
        how = f"status {status}" if status >= 0 else f"signal {-status}"
        raise RemoteUnavailable(f"{name} ended with {how}{_quoted(said)}")
    if status == PARTIAL:
        yield Failure(f"{name} could not see everything{_quoted(said)}", hides_links=True)
    yield ProgramPayload(name, lines, ended_well=status == 0)


async def _run(name: str, command: Sequence[str], timeout: int) -> tuple[int, str, str]:  # noqa: ASYNC109  # the program is ended, not only left
    """Its status, and what it wrote to both streams."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name has a null in it"
        raise InvalidInput(f"{command[0]} can't be run: {why}.") from None
    reading = [
        asyncio.create_task(one) for one in (_written(name, process.stdout), _last(process.stderr))
    ]
    try:
        async with asyncio.timeout(timeout):
            written, said = await asyncio.gather(*reading)
            status = await process.wait()
    except TimeoutError:
        raise RemoteUnavailable(f"{name} was ended after {timeout} seconds.") from None
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await _end(process)
    return status, _text(name, written), said.decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End the program and what it started, where any of it still runs, and let go of its pipes."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.returncode is None:
        process.kill()
    # A pipe is only closed once it was read to its end, which a killed program has reached.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ENDED_WITHIN):
            await asyncio.gather(_last(process.stdout), _last(process.stderr), process.wait())


async def _written(name: str, stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    written = bytearray()
    while piece := await stream.read(PIECE):
        written += piece
        if len(written) > MOST_BYTES:
            raise RemoteUnavailable(f"{name} writes more than {MOST_BYTES // 2**20} MiB.")
    return bytes(written)


async def _last(stream: asyncio.StreamReader | None) -> bytes:
    """The end of what was written, however much it was."""
    assert stream is not None
    kept = b""
    while piece := await stream.read(PIECE):
        kept = (kept + piece)[-4 * SAID :]
    return kept


def _text(name: str, written: bytes) -> str:
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        raise RemoteUnavailable(f"Line {line} of what {name} writes is not UTF-8.") from None


def _quoted(said: str) -> str:
    last = " ".join(said.split())[-SAID:]
    return f": {last}" if last else "."
