"""Agents that misbehave: each answers as a function says, on a port of loopback."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import warnings
from collections.abc import AsyncIterator, Callable
from typing import Any

with warnings.catch_warnings():
    # It calls pysmi by a name that is going out of use.
    warnings.simplefilter("ignore", DeprecationWarning)
    v2c: Any = importlib.import_module("pysnmp.proto.api.v2c")
decoder: Any = importlib.import_module("pyasn1.codec.ber.decoder")
encoder: Any = importlib.import_module("pyasn1.codec.ber.encoder")

Oid = tuple[int, ...]
Binds = list[tuple[Oid, Any]]
Reply = Callable[[bool, list[Oid]], "Binds | bytes | None"]
"""From whether it is a bulk request, and the names asked for, to what is answered."""

SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)


def octets(text: str | bytes) -> Any:
    """Octets as an agent sends them."""
    return v2c.OctetString(text)


def polite(bulk: bool, asked: list[Oid]) -> Binds:
    """It is called rude, and has no tables."""
    if bulk:
        return [((1, 3, 6, 1, 6, 3, 1), v2c.Integer(0))]
    return [(at, octets("rude") if at == (*SYSTEM, 5, 0) else v2c.NoSuchObject("")) for at in asked]


class _Agent(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply, heard: list[bytes], delay: float) -> None:
        self._reply = reply
        self._heard = heard
        self._delay = delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._heard.append(data)
        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        asked = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(pdu)]
        said = self._reply(isinstance(pdu, type(v2c.GetBulkRequestPDU())), asked)
        if said is None:
            return
        if not isinstance(said, bytes):
            answer = v2c.apiMessage.get_response(message)
            v2c.apiPDU.set_varbinds(v2c.apiMessage.get_pdu(answer), said)
            said = encoder.encode(answer)
        asyncio.get_running_loop().call_later(self._delay, self._transport.sendto, said, addr)


@contextlib.asynccontextmanager
async def agent(
    reply: Reply, heard: list[bytes] | None = None, delay: float = 0, at: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """Run an agent; yields its port. What it hears is put into ``heard``."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Agent(reply, [] if heard is None else heard, delay),
        local_addr=(at, 0),
    )
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


def endless() -> Reply:
    """Always has a row more, each further on than the one before."""
    count = itertools.count(1)

    def reply(bulk: bool, asked: list[Oid]) -> Binds:
        if not bulk:
            return polite(bulk, asked)
        column = asked[0][:11]
        return [((*column, next(count)), octets("x" * 40)) for _ in range(25)]

    return reply
