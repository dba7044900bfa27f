"""Sockets and the processes behind them. Arguments are looked at, and none is kept."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import psutil

from discovery.machine.entry import entry_point, shim_container
from discovery.machine.payload import Process, RunningContainer, Socket
from discovery.machine.units import UNITS_FOLDER, own_services, unit_of


class _Connection(Protocol):
    """What psutil says of a socket, of the system or of one process."""

    @property
    def type(self) -> int: ...
    @property
    def laddr(self) -> Any: ...
    @property
    def raddr(self) -> Any: ...
    @property
    def status(self) -> str: ...


_KERNEL_THREADS = 2
"""The process that is the parent of all kernel threads on Linux."""


def read_processes() -> tuple[tuple[Process, ...], tuple[RunningContainer, ...]]:
    """All processes that show, and the containers that their guardian processes name."""
    processes, containers = [], []
    wanted = ("pid", "ppid", "name", "exe", "username", "cmdline")
    for process in psutil.process_iter(wanted, ad_value=None):
        told = process.info
        arguments = told["cmdline"] or []
        name = told["name"] or ""
        if sys.platform == "linux" and _KERNEL_THREADS in (told["pid"], told["ppid"]):
            if not arguments:
                continue
        processes.append(
            Process(
                pid=told["pid"],
                parent=told["ppid"] or 0,
                name=name,
                exe=(told["exe"] or "").removesuffix(" (deleted)"),
                entry=entry_point(arguments),
                user=told["username"] or "",
                unit=_unit(told["pid"]),
            )
        )
        if name.startswith("containerd-shim") and (container := shim_container(arguments)):
            containers.append(RunningContainer(runtime="containerd", id=container))
    return tuple(processes), tuple(containers)


def read_own_units() -> tuple[str, ...]:
    """The services of systemd that the machine's people wrote."""
    try:
        files = [entry.name for entry in Path(UNITS_FOLDER).iterdir() if not entry.is_symlink()]
    except OSError:
        return ()
    return own_services(files)


def _unit(pid: int) -> str:
    try:
        return unit_of(Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace"))
    except OSError:
        return ""


def read_sockets(errors: list[str]) -> tuple[Socket, ...]:
    """Listening and connected TCP and UDP sockets, each once."""
    try:
        seen = [s for c in psutil.net_connections("inet") if (s := _socket(c, c.pid))]
    except psutil.AccessDenied:
        # Some systems only tell root about all sockets, and everybody about their own.
        seen = list(own_sockets())
    except (OSError, RuntimeError) as error:
        errors.append(f"The sockets can't be read: {error}.")
        return ()
    return tuple(sorted(set(seen), key=_order))


def own_sockets() -> Iterator[Socket]:
    """The sockets of all processes that this user may look into."""
    for process in psutil.process_iter():
        try:
            connections = process.net_connections("inet")
        except psutil.Error:
            continue
        for connection in connections:
            if found := _socket(connection, process.pid):
                yield found


def _socket(seen: _Connection, pid: int | None) -> Socket | None:
    tcp = seen.type == socket.SOCK_STREAM
    if not seen.laddr or (tcp and seen.status not in ("LISTEN", "ESTABLISHED")):
        return None
    return Socket(
        protocol="tcp" if tcp else "udp",
        address=plain_address(seen.laddr.ip),
        port=seen.laddr.port,
        remote_address=plain_address(seen.raddr.ip) if seen.raddr else "",
        remote_port=seen.raddr.port if seen.raddr else 0,
        pid=pid,
    )


def _order(s: Socket) -> tuple[str, str, int, str, int, int]:
    return (s.protocol, s.address, s.port, s.remote_address, s.remote_port, s.pid or 0)


@lru_cache(maxsize=65536)
def plain_address(address: str) -> str:
    """The address without its zone, and IPv4 written as IPv4 where it is mapped into IPv6."""
    text = address.partition("%")[0]
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)
