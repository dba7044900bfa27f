"""Sockets as ss and netstat print them, of any system. jc reads those of netstat."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from discovery.local.fetch_processes import plain_address
from discovery.machine.payload import Socket
from discovery.ssh.tables import table

_STATES = {"LISTEN": False, "ESTAB": True, "ESTABLISHED": True, "UNCONN": False, "": False}
"""Which states are looked at, and whether there is a remote end in them."""
_PACKETS = "udp"
_SS = re.compile(
    r"^(?P<protocol>tcp|udp)\s*(?P<state>[A-Z][A-Z-]*[0-9]?)\s*\d+\s+\d+\s+"
    r"(?P<address>\S*?):(?P<port>\d+|\*)\s+(?P<remote>\S*?):(?P<remote_port>\d+|\*)"
    r"(?P<owners>(?:\s.*)?)$",
    re.MULTILINE,
)
_PID = re.compile(r"\bpid=(\d+)")
_BSD = re.compile(
    r"(?P<protocol>tcp|udp)(?P<version>[46]{0,2})\s+\d+\s+\d+\s+(?P<local>\S+)\s+(?P<remote>\S+)(?:\s+(?P<state>\w+))?"
)


def read_sockets(text: str) -> tuple[Socket, ...]:
    """Listening and connected TCP and UDP sockets, each once; what can't be read is left out."""
    first = text.lstrip().partition("\n")[0]
    if first.startswith("Netid"):
        found = set(_from_ss(text))
    elif "w/o servers" in first or "servers" in first or "Foreign Address" in text[:2000]:
        found = set(_from_netstat(text))
    else:
        found = set()
    return tuple(sorted(found, key=_order))


def _order(s: Socket) -> tuple[str, str, int, str, int, int]:
    return (s.protocol, s.address, s.port, s.remote_address, s.remote_port, s.pid or 0)


def _from_ss(text: str) -> Iterator[Socket]:
    # Not by jc: which field it puts the processes in depends on the width of the columns.
    for row in _SS.finditer(text):
        pids = [int(pid) for pid in _PID.findall(row["owners"])]
        yield from _socket(
            row["protocol"],
            row["state"],
            (row["address"], row["port"]),
            (row["remote"], row["remote_port"]),
            min(pids, default=None),
        )


def _from_netstat(text: str) -> Iterator[Socket]:
    if re.search(r"^(?:tcp|udp)[46]{0,2}\s+\d+\s+\d+\s+\S+\.(?:\d+|\*)\s", text, re.MULTILINE):
        yield from _from_bsd_netstat(text)
        return
    for row in table("netstat", text):
        protocol = str(row.get("proto", "")).rstrip("46")
        if protocol not in ("tcp", "udp"):
            continue
        pid = row.get("pid")
        yield from _socket(
            protocol,
            str(row.get("state") or ""),
            (str(row.get("local_address", "")), str(row.get("local_port", ""))),
            (str(row.get("foreign_address", "")), str(row.get("foreign_port", ""))),
            int(pid) if isinstance(pid, int) else None,
        )


def _from_bsd_netstat(text: str) -> Iterator[Socket]:
    """BSD and AIX write an address and its port with a dot between them."""
    for line in text.splitlines():
        if row := _BSD.match(line):
            local, remote = (row[end].rpartition(".")[::2] for end in ("local", "remote"))
            if row["version"] == "4" and local[0] == "*":
                local = ("0.0.0.0", local[1])  # noqa: S104  # what it says; nothing is bound
            yield from _socket(row["protocol"], row["state"] or "", local, remote, None)


def _socket(
    protocol: str, state: str, local: tuple[str, ...], remote: tuple[str, ...], pid: int | None
) -> Iterator[Socket]:
    if state not in _STATES or not local[1].isdigit():
        return
    address, other = _address(local[0], remote[0]), _address(remote[0], local[0])
    if not (_is_address(address) and _is_address(other)):
        return
    connected = _STATES[state] and remote[1].isdigit()
    if protocol == _PACKETS and remote[1].isdigit():
        connected = True
    elif protocol != _PACKETS and _STATES[state] != connected:
        return
    yield Socket(
        protocol,
        address,
        int(local[1]),
        other if connected else "",
        int(remote[1]) if connected else 0,
        pid,
    )


def _address(text: str, other: str) -> str:
    """The address plainly; ``*`` is any address, of version 6 where nothing says otherwise."""
    bare = text.partition("%")[0].strip("[]")
    if bare in ("*", ""):
        return "0.0.0.0" if "." in other else "::"  # noqa: S104  # what it says; nothing is bound
    return plain_address(bare)


@lru_cache(maxsize=65536)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
