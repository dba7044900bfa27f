"""Network interfaces as ip and ifconfig print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from discovery.local.fetch_machine import with_prefix
from discovery.machine.payload import Interface
from discovery.ssh.tables import table


class _Address(msgspec.Struct):
    local: str = ""
    prefixlen: int = 0


class _Link(msgspec.Struct):
    ifname: str
    flags: list[str] = []
    mtu: int | None = None
    operstate: str = ""
    address: str = ""
    link_type: str = ""
    addr_info: list[_Address] = []


_LINKS = msgspec.json.Decoder(list[_Link])


def read_interfaces(
    text: str, physical: frozenset[str], speeds: Mapping[str, int]
) -> tuple[Interface, ...]:
    """All interfaces but loopback; empty where what was printed is neither program's."""
    if text.lstrip().startswith("["):
        return tuple(_from_ip(text, physical, speeds))
    return tuple(_from_ifconfig(text, physical, speeds))


def _from_ip(text: str, physical: frozenset[str], speeds: Mapping[str, int]) -> Iterator[Interface]:
    try:
        links = _LINKS.decode(text)
    except msgspec.DecodeError:
        return
    for link in links:
        if "LOOPBACK" in link.flags or link.ifname == "lo":
            continue
        yield Interface(
            name=link.ifname,
            mac=link.address if link.address.count(":") == 5 else "",
            mtu=link.mtu,
            speed=speeds.get(link.ifname),
            up="UP" in link.flags and link.operstate != "DOWN",
            physical=link.ifname in physical,
            addresses=tuple(
                f"{a.local}/{a.prefixlen}" for a in link.addr_info if a.local and a.prefixlen
            ),
        )


def _from_ifconfig(
    text: str, physical: frozenset[str], speeds: Mapping[str, int]
) -> Iterator[Interface]:
    for row in table("ifconfig", text):
        name, state = str(row.get("name", "")), row.get("state") or []
        if "LOOPBACK" in state or name.startswith("lo"):
            continue
        four = [(a.get("address"), a.get("mask")) for a in row.get("ipv4") or []]
        six = [(a.get("address"), a.get("mask")) for a in row.get("ipv6") or []]
        yield Interface(
            name=name,
            mac=str(row.get("mac_addr") or "").lower(),
            mtu=row.get("mtu"),
            speed=speeds.get(name),
            up="UP" in state and "RUNNING" in state,
            physical=name in physical,
            addresses=tuple(
                prefixed
                for address, mask in (*four, *six)
                if (prefixed := _prefixed(address, mask))
            ),
        )


def _prefixed(address: Any, mask: Any) -> str:
    text = str(address or "").partition("%")[0]
    if str(mask).isdigit():
        return f"{text}/{mask}"
    try:
        return with_prefix(text, str(mask) if mask else None)
    except ValueError:
        return with_prefix(text, None)
