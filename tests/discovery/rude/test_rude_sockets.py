"""Database servers and machines that are rude: each is named in time, and the others are in."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from discovery.databases import SCANNER as DATABASES
from discovery.databases import DatabasesSettings
from discovery.run import ScanResult, run_scan
from discovery.setting_values import Secret
from discovery.ssh import SCANNER as SSH
from tests.discovery.daemons import serving
from tests.discovery.ssh.sshd import settings as ssh_settings
from tests.discovery.ssh.sshd import sshd

WAIT = 1.0
INFO = b"redis_version:7.0.15\r\nrole:master\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n"


def hangs(client: socket.socket) -> None:
    del client
    threading.Event().wait()


def hangs_after_its_banner(client: socket.socket) -> None:
    client.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    threading.Event().wait()


def hangs_after_the_first_question(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"S")
    threading.Event().wait()


def drips(client: socket.socket) -> None:
    while True:
        client.sendall(b"S")
        threading.Event().wait(0.05)


def talks_without_end(client: socket.socket) -> None:
    while True:
        client.sendall(os.urandom(65536))


def is_a_web_server(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>no</html>")
    client.shutdown(socket.SHUT_RDWR)


def promises_too_much(client: socket.socket) -> None:
    """50 GB in one answer, in the words of Redis."""
    client.recv(4096)
    client.sendall(b"$50000000000\r\n")
    while True:
        client.sendall(b"x" * 65536)


def talks_without_end_after_its_banner(client: socket.socket) -> None:
    client.sendall(b"SSH-2.0-rude\r\n")
    talks_without_end(client)


def drips_a_packet(client: socket.socket) -> None:
    """The first packet of MySQL: 16 MB, a little at a time."""
    client.sendall(b"\xff\xff\xff\x00")
    drips(client)


def sends_packets_without_end(client: socket.socket) -> None:
    """Packets of MySQL of which each says that it is continued."""
    for number in range(100_000):
        client.sendall(b"\xff\xff\xff%c" % (number % 256))
        client.sendall(bytes(2**24 - 1))


def closes(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_RDWR)


WAYS = (
    hangs,
    hangs_after_its_banner,
    hangs_after_the_first_question,
    drips,
    talks_without_end,
    is_a_web_server,
    promises_too_much,
    talks_without_end_after_its_banner,
    drips_a_packet,
    sends_packets_without_end,
    closes,
)
EVERY_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
Way = Callable[[socket.socket], None]


def as_redis(client: socket.socket) -> None:
    """A small Redis that answers well."""
    with client.makefile("rb") as stream:
        while head := stream.readline():
            words = [stream.read(int(stream.readline()[1:]) + 2) for _ in range(int(head[1:]))]
            command = words[0].strip().upper()
            if command == b"INFO":
                client.sendall(b"$%d\r\n%s\r\n" % (len(INFO), INFO))
            else:
                client.sendall(b"-ERR no\r\n" if command == b"CLIENT" else b"+OK\r\n")


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "redis"])
@EVERY_WAY
async def test_a_rude_database_is_named_and_the_others_are_in(engine: str, way: Way) -> None:
    given = DatabasesSettings(
        user="cmdb", password=Secret("env:DB", "token-of-cmdb"), timeout=WAIT, server_timeout=3
    )
    with serving(way) as rude, serving(as_redis) as good:
        targets = [f"{engine}://127.0.0.1:{rude}", f"redis://127.0.0.1:{good}"]
        found = await run_scan(DATABASES, given, targets)
    _is_named(found, f"{engine}://127.0.0.1:{rude}")
    assert found.counts["DatabaseInstance"] == 1


async def test_rude_machines_are_named_and_the_others_are_in(tmp_path: Path) -> None:
    """All at once, as a range of addresses has them."""
    with ExitStack() as stack:
        server = stack.enter_context(sshd(tmp_path / "sshd"))
        rude = [f"127.0.0.1:{stack.enter_context(serving(way))}" for way in WAYS]
        given = ssh_settings(tmp_path, server, connect_timeout=3, connections=False)
        found = await run_scan(SSH, given, [*rude, server.target])
    for target in rude:
        _is_named(found, target)
    assert found.counts["items"] > 0


def _is_named(found: ScanResult, target: str) -> None:
    (error,) = [e for e in found.errors if e.startswith(target)]
    assert error.endswith((".", "?")), error
    assert len(error) < 400
    assert not found.full_scope
