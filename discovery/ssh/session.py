"""Signing in to a machine and running commands there: bounded in time and in size."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import asyncssh

from cmdb.errors import CmdbError, InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.ssh import SshSettings
from discovery.ssh.output import Output
from discovery.ssh.targets import Target, read_target

PIECE = 64 * 1024
SESSIONS = 4
"""Commands at a time on one machine; OpenSSH allows ten sessions, and others need some too."""
KNOWN_HOSTS = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


class _Client(asyncssh.SSHClient):
    """Remembers the host key that was refused."""

    refused: asyncssh.SSHKey | None = None

    def validate_host_public_key(
        self,
        host: str,  # noqa: ARG002  # the library gives all of them
        addr: str,  # noqa: ARG002  # as above
        port: int,  # noqa: ARG002  # as above
        key: asyncssh.SSHKey,
    ) -> bool:
        self.refused = key
        return False


class Doors:
    """How machines are signed in to. Use it as an async context manager: it keeps jump hosts.

    Raises :class:`~cmdb.errors.InvalidSettings` where keys or known hosts can't be read.
    """

    def __init__(self, settings: SshSettings) -> None:
        self._settings = settings
        self._known = _known_hosts(settings)
        self._keys = _keys(settings)
        self._jump: asyncssh.SSHClientConnection | None = None
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        for text in filter(None, (t.strip() for t in self._settings.jump.split(","))):
            target = read_target(text, "jump: ")
            self._jump = await self._stack.enter_async_context(self._signed_in(target))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def session(self, target: Target) -> AsyncIterator[Session]:
        """A machine that let us in; raises what says why it did not."""
        async with self._signed_in(target) as connection:
            yield Session(connection, self._settings)

    @asynccontextmanager
    async def _signed_in(self, target: Target) -> AsyncIterator[asyncssh.SSHClientConnection]:
        client = _Client()
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                connection = await asyncssh.connect(
                    **self._options(target), client_factory=lambda: client
                )
        except TimeoutError:
            raise RemoteUnavailable(
                f"{target} did not let us in within {self._settings.connect_timeout:g} seconds."
            ) from None
        except asyncssh.HostKeyNotVerifiable:
            raise self._untrusted(target, client.refused) from None
        except asyncssh.PermissionDenied:
            raise InvalidInput(
                f"{target} does not take the key or password: is the user right, and is the key "
                "among the account's authorized_keys?"
            ) from None
        except asyncssh.ChannelOpenError as error:
            raise RemoteUnavailable(
                f"{target} can't be reached from the jump host: {_plain(error.reason)}."
            ) from None
        except (OSError, asyncssh.Error, ValueError) as error:
            raise RemoteUnavailable(f"{target} can't be signed in to: {_plain(error)}.") from None
        try:
            yield connection
        finally:
            connection.abort()
            with contextlib.suppress(OSError, asyncssh.Error):
                await connection.wait_closed()

    def _options(self, target: Target) -> dict[str, Any]:
        given = self._settings
        user = target.user or given.user
        options: dict[str, Any] = {
            "host": target.host,
            "known_hosts": self._known,
            "config": _configuration(given),
            "login_timeout": given.connect_timeout,
            "keepalive_interval": 15,
            "request_pty": False,
        }
        options |= {"port": target.port} if target.port else {}
        options |= {"username": user} if user else {}
        options |= {"client_keys": self._keys} if self._keys else {}
        options |= {"passphrase": given.passphrase.value} if given.passphrase else {}
        options |= {"password": given.password.value} if given.password else {}
        options |= {} if given.agent else {"agent_path": None}
        options |= {"tunnel": self._jump} if self._jump else {}
        return options

    def _untrusted(self, target: Target, key: asyncssh.SSHKey | None) -> CmdbError:
        host = f"[{target.host}]:{target.port}" if target.port else target.host
        port = f"-p {target.port} " if target.port else ""
        if key is None:
            return InvalidInput(f"{target} shows a host key that is revoked; it is not read.")
        matched = self._known.match(target.host, "", target.port if target.port != 22 else None)
        shown = f"{key.get_algorithm()} {key.get_fingerprint()}"
        if matched[0]:
            return InvalidInput(
                f"{target} shows another host key than the known one ({shown}): it was installed "
                f"anew, or somebody stands between. If it was: ssh-keygen -R '{host}', and add "
                "the new key."
            )
        return InvalidInput(
            f"{target} shows a host key that is not known ({shown}). Check it, then add it: "
            f"ssh-keyscan {port}{target.host} >> ~/.ssh/known_hosts"
        )


class Session:
    """A machine that we are signed in to."""

    def __init__(self, connection: asyncssh.SSHClientConnection, settings: SshSettings) -> None:
        self._connection = connection
        self._timeout = settings.timeout
        self._most = settings.max_output * 1024
        self._free = asyncio.Semaphore(SESSIONS)
        peer = connection.get_extra_info("peername") or ("", 22)
        self.address, self.port = str(peer[0]), int(peer[1])

    async def run(self, line: str) -> Output:
        """What a command prints, as far as it comes in time and fits; never raises for one."""
        async with self._free:
            found = bytearray()
            said = bytearray()
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._run(line, found, said)
            except TimeoutError:
                return Output(_text(found), None, f"took longer than {self._timeout:g} seconds")
            except (OSError, asyncssh.Error) as error:
                return Output(_text(found), None, f"was refused: {_plain(error)}")

    async def _run(self, line: str, found: bytearray, said: bytearray) -> Output:
        # Not as a context manager: its end waits for the other side, which may never come.
        process = await self._connection.create_process(line, encoding=None, stdin=asyncssh.DEVNULL)
        complaints = asyncio.create_task(_gather(process.stderr, said, 4096))
        try:
            whole = await _gather(process.stdout, found, self._most)
            if not whole:
                return Output(_text(found), None, f"printed more than {self._most // 1024} kB")
            await process.wait_closed()
        finally:
            complaints.cancel()
            process.close()
        status = process.exit_status
        return Output(_text(found), status, _first_line(said) if status else "")


async def _gather(stream: Any, into: bytearray, most: int) -> bool:
    """Read a stream to its end; False where it is longer than may be kept."""
    while piece := await stream.read(PIECE):
        into += piece[: most - len(into) + 1]
        if len(into) > most:
            del into[most:]
            return False
    return True


def _text(found: bytearray) -> str:
    return found.decode("utf-8", "replace")


def _first_line(said: bytearray) -> str:
    lines = [line.strip() for line in _text(said).splitlines() if line.strip()]
    return _plain(lines[0]) if lines else ""


def _plain(error: object) -> str:
    text = str(error) or type(error).__name__
    return "".join(c for c in text if c.isprintable())[:200].rstrip(".")


def _known_hosts(settings: SshSettings) -> asyncssh.SSHKnownHosts:
    paths = [os.path.expanduser(p) for p in settings.known_hosts or KNOWN_HOSTS]
    there = [path for path in paths if settings.known_hosts or Path(path).is_file()]
    try:
        return asyncssh.read_known_hosts(there) if there else asyncssh.import_known_hosts("")
    except (OSError, ValueError) as error:
        raise InvalidSettings(f"The known hosts can't be read: {_plain(error)}.") from None


def _keys(settings: SshSettings) -> list[asyncssh.SSHKey]:
    found: list[asyncssh.SSHKey] = []
    for path in settings.keys:
        try:
            found += asyncssh.read_private_key_list(
                os.path.expanduser(path), settings.passphrase.value or None
            )
        except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise InvalidSettings(
                f"The private key {path} can't be read: {_plain(error)}."
            ) from None
    return found


def _configuration(settings: SshSettings) -> list[str] | tuple[()] | None:
    if settings.configuration == "none":
        return None
    if not settings.configuration:
        return ()
    return [os.path.expanduser(settings.configuration)]
