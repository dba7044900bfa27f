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
_NOBODY = -1
"""Stands for the owner that may not be seen where sockets are put in order."""
_SS = re.compile(
    r"^(tcp|udp)\s*([A-Z][A-Z-]*[0-9]?)\s*\d+\s+\d+\s+"  # protocol, state
    r"(\S*?):(\d+|\*)\s+(\S*?):(\d+|\*)"  # address and port, here and there
    r"((?:\s.*)?)$",  # who has it
    re.MULTILINE,
)
_Row = tuple[str, str, int, str, int, int]
"""What a socket has, in its order, and :data:`_NOBODY` for no owner."""
_PID = re.compile(r"\bpid=(\d+)")
_BSD = re.compile(
    r"(?P<protocol>tcp|udp)(?P<version>[46]{0,2})\s+\d+\s+\d+\s+(?P<local>\S+)\s+(?P<remote>\S+)(?:\s+(?P<state>\w+))?"
)


def read_sockets(text: str) -> tuple[Socket, ...]:
    """Listening and connected TCP and UDP sockets, each once; what can't be read is left out."""
    first = text.lstrip().partition("\n")[0]
    found: Iterator[_Row | None] = iter(())
    if first.startswith("Netid"):
        found = _from_ss(text)
    elif "w/o servers" in first or "servers" in first or "Foreign Address" in text[:2000]:
        found = _from_netstat(text)
    return tuple(
        [
            Socket(
                protocol, address, port, remote, remote_port, None if owner == _NOBODY else owner
            )
            for protocol, address, port, remote, remote_port, owner in sorted(
                {*filter(None, found)}
            )
        ]
    )


def _from_ss(text: str) -> Iterator[_Row | None]:
    # Not by jc: which field it puts the processes in depends on the width of the columns.
    for protocol, state, address, port, remote, remote_port, owners in _SS.findall(text):
        if state in _STATES:
            pids = _PID.findall(owners)
            owner = int(pids[0]) if len(pids) == 1 else min(map(int, pids), default=_NOBODY)
            yield _socket(protocol, state, (address, port), (remote, remote_port), owner)


def _from_netstat(text: str) -> Iterator[_Row | None]:
    if re.search(r"^(?:tcp|udp)[46]{0,2}\s+\d+\s+\d+\s+\S+\.(?:\d+|\*)\s", text, re.MULTILINE):
        yield from _from_bsd_netstat(text)
        return
    for row in table("netstat", text):
        protocol = str(row.get("proto", "")).rstrip("46")
        if protocol not in ("tcp", "udp"):
            continue
        pid = row.get("pid")
        yield _socket(
            protocol,
            str(row.get("state") or ""),
            (str(row.get("local_address", "")), str(row.get("local_port", ""))),
            (str(row.get("foreign_address", "")), str(row.get("foreign_port", ""))),
            int(pid) if isinstance(pid, int) else _NOBODY,
        )


def _from_bsd_netstat(text: str) -> Iterator[_Row | None]:
    """BSD and AIX write an address and its port with a dot between them."""
    for line in text.splitlines():
        if row := _BSD.match(line):
            local, remote = (row[end].rpartition(".")[::2] for end in ("local", "remote"))
            if row["version"] == "4" and local[0] == "*":
                local = ("0.0.0.0", local[1])  # noqa: S104  # what it says; nothing is bound
            yield _socket(row["protocol"], row["state"] or "", local, remote, _NOBODY)


def _socket(
    protocol: str, state: str, local: tuple[str, ...], remote: tuple[str, ...], owner: int
) -> _Row | None:
    (here, port), (there, remote_port) = local, remote
    if state not in _STATES or not port.isdigit():
        return None
    address, other = _address(here, "." in there), _address(there, "." in here)
    if not (address and other):
        return None
    connected = remote_port.isdigit()
    if protocol != _PACKETS:
        if _STATES[state] and not connected:
            return None
        connected = _STATES[state]
    if connected:
        return (protocol, address, int(port), other, int(remote_port), owner)
    return (protocol, address, int(port), "", 0, owner)


@lru_cache(maxsize=65536)
def _address(text: str, beside_four: bool) -> str:
    """The address plainly, empty where it is none; ``*`` is any address, of version 6 unless the
    other end is of version 4."""
    bare = text.partition("%")[0].strip("[]")
    if bare in ("*", ""):
        return "0.0.0.0" if beside_four else "::"  # noqa: S104  # what it says; nothing is bound
    plain = plain_address(bare)
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        return ""
    return plain
