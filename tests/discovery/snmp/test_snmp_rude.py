"""Agents that are silent, loop, never end or talk nonsense are bounded, and named."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import msgspec
import pytest

from cmdb.errors import InvalidInput, RemoteUnavailable
from cmdb.items import ItemObservation
from discovery.setting_values import Secret
from discovery.snmp import SnmpSettings
from tests.discovery.snmp.agents import ask, free_port, scan, settings
from tests.discovery.snmp.rude import Binds, Oid, agent, endless, octets, polite

QUICK: dict[str, Any] = {"timeout": 1.0, "retries": 0}


async def test_nobody_answers() -> None:
    with pytest.raises(RemoteUnavailable, match=r"No agent answers at 127\.0\.0\.1 .* community"):
        await scan(settings(free_port(), **QUICK))


async def test_one_silent_target_of_two_is_named_and_the_other_is_in() -> None:
    async with agent(polite) as port:
        found = await scan(settings(port, **QUICK), "127.0.0.1", "127.0.0.9")
        assert found.errors == ("127.0.0.9 does not answer.",)
        assert not found.full_scope
        assert found.counts["items"] == 1


async def test_silent_addresses_of_a_range_are_no_error() -> None:
    async with agent(polite) as port:
        found = await scan(settings(port, **QUICK), "127.0.0.0/29")
        assert found.errors == ()
        assert found.full_scope
        assert found.notes[0] == "5 addresses did not answer."


async def test_an_agent_is_asked_by_ipv6_too() -> None:
    try:
        async with agent(polite, at="::1") as port:
            found = await scan(settings(port, **QUICK), "::1")
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    assert found.counts["items"] == 1
    (item,) = found.observations
    assert isinstance(item, ItemObservation)
    assert item.properties["name"] == "rude"


async def test_an_agent_that_goes_in_circles_is_left_alone() -> None:
    heard: list[bytes] = []

    def reply(bulk: bool, asked: list[Oid]) -> Binds:
        if not bulk:
            return polite(bulk, asked)
        column = asked[0][:10]
        return [((*column, n), octets(f"port {n}")) for n in (1, 2, 1)]

    async with agent(reply, heard) as port:
        found = await scan(settings(port, interfaces="all", **QUICK))
    assert len(found.errors) == 4
    assert "interface_description: the agent's answers go in circles" in found.errors[0]
    assert found.errors[3] == "127.0.0.1: no more was asked of it; what it said by then is in."
    assert len(heard) == 4
    assert not found.full_scope
    assert found.counts["items"] == 1


async def test_an_agent_that_never_ends_is_bounded() -> None:
    async with agent(endless()) as port:
        tracemalloc.start()
        payloads, failures = await ask(settings(port, max_values=2000, **QUICK))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert failures == []
    (one,) = payloads[0].agents
    assert one.errors == ("127.0.0.1: it has more than 2000 values; what it said by then is in.",)
    assert sum(map(len, one.columns.values())) == 2000
    assert peak < 50_000_000


async def test_an_agent_that_takes_its_time_is_left_when_time_is_up() -> None:
    async with agent(endless(), delay=0.2) as port:
        payloads, _ = await ask(settings(port, device_timeout=1, timeout=2))
    (one,) = payloads[0].agents
    assert one.errors == ("127.0.0.1: it took longer than 1 seconds; what it said by then is in.",)
    assert one.scalars["name"] == "rude"


async def test_an_agent_that_falls_silent_is_left_after_three_columns() -> None:
    def reply(bulk: bool, asked: list[Oid]) -> Binds | None:
        return None if bulk else polite(bulk, asked)

    async with agent(reply) as port:
        found = await scan(settings(port, **QUICK))
    assert len(found.errors) == 4
    assert found.errors[0] == "127.0.0.1: interface_description: the agent stopped answering."


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"\x30",
        b"\x30\x84\xff\xff\xff\xff",
        b"<html></html>",
        random.Random(7).randbytes(1400),
        b"\x00" * 60000,
    ],
)
async def test_an_agent_that_talks_nonsense_is_as_good_as_silent(nonsense: bytes) -> None:
    async with agent(lambda bulk, asked: nonsense) as port:
        with pytest.raises(RemoteUnavailable, match="No agent answers"):
            await scan(settings(port, **QUICK))


async def test_texts_that_are_none_are_shown_as_far_as_they_can_be() -> None:
    def reply(bulk: bool, asked: list[Oid]) -> Binds:
        if bulk:
            return polite(bulk, asked)
        return [(at, octets(b"\xff\xfe r\x07ude \x00tail" + b"x" * 30000)) for at in asked[2:3]]

    async with agent(reply) as port:
        found = await scan(settings(port, **QUICK))
    (item,) = found.observations
    assert isinstance(item, ItemObservation)
    assert item.properties["name"] == "\ufffd\ufffd r ude"


async def test_a_secret_is_seen_on_the_wire_and_nowhere_else() -> None:
    heard: list[bytes] = []
    given = settings(free_port(), "pl4nted-community", **QUICK)
    assert "pl4nted" not in repr(given)
    with pytest.raises(RemoteUnavailable) as silent:
        await scan(given)
    assert "pl4nted" not in str(silent.value)
    async with agent(endless(), heard) as port:
        told = msgspec.structs.replace(given, port=port, max_values=100)
        payloads, failures = await ask(told)
        found = await scan(told)
    assert any(b"pl4nted-community" in message for message in heard)
    assert b"pl4nted" not in msgspec.json.encode([payloads, failures])
    assert "pl4nted" not in repr(found)


async def test_what_can_not_be_asked_is_said_before_anything_is_sent() -> None:
    with pytest.raises(InvalidInput, match="community=env:NAME for version 2c"):
        await scan(SnmpSettings(), "127.0.0.1")
    short = SnmpSettings(user="u", authentication_key=Secret("env:KEY", "short"))
    with pytest.raises(InvalidInput, match="What env:KEY holds is too short"):
        await scan(short, "127.0.0.1")
    alone = SnmpSettings(user="u", privacy_key=Secret("env:KEY", "long-enough"))
    with pytest.raises(InvalidInput, match="needs an authentication_key"):
        await scan(alone, "127.0.0.1")
    with pytest.raises(InvalidInput, match="not 'sw1'"):
        await scan(settings(161, gateways=("sw1",)), "127.0.0.1")
    given = settings(161)
    with pytest.raises(InvalidInput, match="Name what to scan"):
        await ask_nobody(given)
    with pytest.raises(InvalidInput, match="16777216 addresses, more than the 4096"):
        await scan(given, "10.0.0.0/8")
    with pytest.raises(InvalidInput, match="'-x' is nothing to ask"):
        await scan(given, "-x")
    with pytest.raises(RemoteUnavailable, match="nobody knows"):
        await scan(given, "no-such-name.invalid")


async def ask_nobody(given: SnmpSettings) -> None:
    from discovery.snmp.fetch import fetch

    async for _ in fetch(given, []):
        pass
