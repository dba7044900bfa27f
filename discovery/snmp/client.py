"""Asking one agent: single values, and columns to their end, within bounds of time and memory."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Coroutine, Iterator
from typing import Any

from cmdb.errors import InvalidInput, RemoteUnavailable
from discovery.snmp import SnmpSettings
from discovery.snmp.mib import Oid, begins, mib
from discovery.snmp.payload import Agent, Value
from discovery.snmp.requests import Answer, Requests

ROWS = 25
"""How many rows of a column are asked for at once."""
MAX_ERRORS = 3
"""Columns that an agent fails at before it is left alone."""
MAX_OCTETS = 8192
"""Of one value; what is longer is cut."""


class Silent(RemoteUnavailable):
    """The agent did not answer at all."""

    code = "silent_agent"


class _Enough(Exception):
    """No more is asked of this agent; the message says why."""


class Client:
    """Asks agents, one after the other, as the settings say."""

    def __init__(self, settings: SnmpSettings, engine: Any) -> None:
        self._settings = settings
        self._requests = Requests(settings, engine)

    async def read(self, address: str) -> Agent:
        """All that the agent has of what is asked for.

        Raises :class:`Silent` where nothing answers, and another
        :class:`~cmdb.errors.RemoteUnavailable` where the agent refuses.
        """
        await self._requests.turn_to(address)
        session = _Session(self._requests, self._settings)
        scalars = await session.scalars(mib().scalars, address)
        columns: dict[str, dict[str, Value]] = {}
        errors: list[str] = []
        try:
            for name, column in self._wanted(str(scalars.get("object", ""))):
                rows = columns.setdefault(name, {})
                try:
                    await session.walk(column, rows)
                except RemoteUnavailable as error:
                    errors.append(f"{address}: {name}: {error.message}.")
                    if len(errors) == MAX_ERRORS:
                        raise _Enough("no more was asked of it") from None
        except _Enough as reason:
            errors.append(f"{address}: {reason}; what it said by then is in.")
        read = {name: rows for name, rows in columns.items() if rows}
        return Agent(address, scalars, read, tuple(errors))

    def _wanted(self, object_id: str) -> Iterator[tuple[str, Oid]]:
        """The columns that are asked of an agent with this sysObjectID."""
        for table in mib().tables:
            if table.only and not begins(object_id, table.only):
                continue
            if not table.setting or getattr(self._settings, table.setting):
                yield from table.columns.items()


class _Session:
    """One agent while it is asked, with what may still be asked of it."""

    def __init__(self, requests: Requests, settings: SnmpSettings) -> None:
        self._requests = requests
        self._settings = settings
        self._until = time.monotonic() + settings.device_timeout
        self._left = settings.max_values

    async def scalars(self, wanted: dict[str, Oid], address: str) -> dict[str, Value]:
        """The single values that the agent has, by name."""
        names = {at: name for name, at in wanted.items()}
        answer = await self._bounded(self._requests.get([*names]))
        if answer.failed:
            raise _refusal(answer.failed, address)
        if answer.status:
            raise RemoteUnavailable(f"{address}: the agent answered with error {answer.status}.")
        read = ((at, _value(value)) for at, value in answer.values)
        return {names[at]: value for at, value in read if at in names and value is not None}

    async def walk(self, column: Oid, rows: dict[str, Value]) -> None:
        """Read the rows of a column: index and value. What was read before an error is in."""
        last = column
        while True:
            before = last
            answer = await self._bounded(self._requests.after(last, ROWS))
            if answer.failed:
                raise _refusal(answer.failed, "")
            if answer.status:
                raise RemoteUnavailable(f"the agent answered with error {answer.status}")
            for at, raw in answer.values:
                value = _value(raw)
                if at[: len(column)] != column or value is None:
                    return
                if at <= last:
                    raise RemoteUnavailable(
                        "the agent's answers go in circles: "
                        f"after {_dotted(last)} it named {_dotted(at)}"
                    )
                last = at
                self._left -= 1
                if self._left < 0:
                    raise _Enough(f"it has more than {self._settings.max_values} values")
                rows[_dotted(at[len(column) :])] = value
            if last == before:
                return

    async def _bounded(self, request: Coroutine[Any, Any, Answer]) -> Answer:
        """An answer within the time that the agent has left."""
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                return await request
        except TimeoutError:
            raise _Enough(
                f"it took longer than {self._settings.device_timeout:g} seconds"
            ) from None


def _refusal(failed: Any, address: str) -> RemoteUnavailable:
    """An error of the protocol as a sentence: of an agent that was never heard, or of a request."""
    name = type(failed).__name__
    if name == "RequestTimedOut" and address:
        return Silent(f"{address} does not answer.")
    if name == "RequestTimedOut":
        return RemoteUnavailable("the agent stopped answering")
    said = _SAID.get(name, f"the agent can't be read ({failed})")
    return RemoteUnavailable(f"{address}: {said}." if address else said)


_SAID = {
    "UnknownUserName": "the agent knows no such user",
    "UnknownSecurityName": "the agent knows no such user",
    "WrongDigest": "the user's authentication key, or how it is used, is wrong",
    "AuthenticationFailure": "the user's authentication key, or how it is used, is wrong",
    "DecryptionError": "the user's privacy key, or how it is used, is wrong",
    "UnsupportedSecurityLevel": "the agent wants the user to use other keys than are set",
    "UnsupportedSecLevel": "the agent wants the user to use other keys than are set",
    "NotInTimeWindow": "the agent's clock and ours do not agree",
}


def _value(value: Any) -> Value | None:
    """A number or octets; None where there is no such value, or no more."""
    name = type(value).__name__
    if name in ("NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null", "Unspecified"):
        return None
    if name in ("ObjectIdentifier", "ObjectIdentity"):
        return str(value)
    if hasattr(value, "asOctets"):
        return bytes(value.asOctets())[:MAX_OCTETS].decode("latin-1")
    return int(value)


def _dotted(at: Oid) -> str:
    return ".".join(map(str, at))


def checked(settings: SnmpSettings) -> None:
    """Raises :class:`~cmdb.errors.InvalidInput` where settings can't be right."""
    if not settings.user and not settings.community:
        raise InvalidInput(
            "Say how agents are asked: community=env:NAME for version 2c, or user=NAME with "
            "authentication_key=env:NAME and privacy_key=env:NAME for version 3."
        )
    if settings.privacy_key and not settings.authentication_key:
        raise InvalidInput("A privacy_key needs an authentication_key as well.")
    for address in settings.gateways:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise InvalidInput(
                f"gateways must be addresses such as 10.0.0.1, not {address!r}."
            ) from None
    for key in (settings.authentication_key, settings.privacy_key):
        if settings.user and key and len(key.value) < 8:
            raise InvalidInput(
                f"What {key.place} holds is too short: a pass phrase has 8 characters."
            )
