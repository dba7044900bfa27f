"""The local scanner on the machine that the tests run on, with daemons that really run."""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingMixIn, UnixStreamServer

import pytest

from cmdb.items import ItemObservation, LinkObservation
from discovery.local import SCANNER, LocalSettings
from discovery.local.fetch_containers import read_containers
from discovery.local.fetch_packages import read_versions, upstream
from discovery.machine.entry import entry_point
from discovery.machine.payload import RunningContainer
from discovery.run import ScanResult, run_scan
from tests.discovery.daemons import free_port, program, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the scanner is at home on Linux")


def redis(folder: Path, port: int, *more: str) -> list[str]:
    folder.mkdir()
    return [
        program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
        "--dir", str(folder), *more,
    ]  # fmt: skip


def nginx(folder: Path, port: int) -> list[str]:
    folder.mkdir()
    paths = "".join(
        f"{what}_temp_path {folder}/{what};"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/log; events {{}}"
        f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port}; }} }}"
    )
    return [program("nginx"), "-e", f"{folder}/log", "-c", str(configuration)]


def named(result: ScanResult, name: str) -> ItemObservation:
    (found,) = (
        o
        for o in result.observations
        if isinstance(o, ItemObservation) and str(o.properties["name"]).startswith(name)
    )
    return found


async def test_daemons_that_run_are_found_with_what_they_are_connected_to(tmp_path: Path) -> None:
    master, replica, web = free_port(), free_port(), free_port()
    with ExitStack() as stack:
        stack.enter_context(running(redis(tmp_path / "a", master), master))
        follower = redis(tmp_path / "b", replica, "--replicaof", f"127.0.0.1 {master}")
        stack.enter_context(running(follower, replica))
        stack.enter_context(running(nginx(tmp_path / "c", web), web))
        wait_for_replica(master)
        result = await run_scan(SCANNER, LocalSettings(containers=False))

    first, second = named(result, f"redis:{master} on"), named(result, f"redis:{replica} on")
    assert first.kind == "DatabaseInstance"
    assert first.properties["port"] == master
    assert first.properties["ports"] == [f"tcp/{master}"]
    assert named(result, f"nginx:{web} on").properties["product"] == "nginx"
    links = [o for o in result.observations if isinstance(o, LinkObservation)]
    called = {(k.from_key, k.to_key) for k in links if k.relation == "CONNECTS_TO"}
    assert (second.identifiers[0], first.identifiers[0]) in called
    assert (first.identifiers[0], second.identifiers[0]) not in called
    machine = next(iter(result.observations))
    assert isinstance(machine, ItemObservation)
    assert {k.to_key for k in links if k.relation == "RUNS_ON"} == {machine.identifiers[0]}


def wait_for_replica(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        for _ in range(2_000):
            client.sendall(b"INFO replication\r\n")
            if b"state=online" in client.recv(65_536):
                return
            threading.Event().wait(0.01)
    raise AssertionError("the replica never came")


async def test_the_machine_has_a_name_an_interface_and_a_disk_or_says_why_not() -> None:
    result = await run_scan(SCANNER, LocalSettings())
    machine = next(iter(result.observations))
    assert isinstance(machine, ItemObservation)
    assert machine.kind in ("Server", "VirtualMachine", "Container")
    assert machine.properties["name"] == socket.gethostname().partition(".")[0]
    assert result.scope == f"machine/{machine.identifiers[0].removeprefix('key:local/')}"
    if machine.kind != "Container":
        memory = machine.properties["memory"]
        assert isinstance(memory, int)
        assert memory > 2**26
    assert result.counts["items"] == len(
        [o for o in result.observations if isinstance(o, ItemObservation)]
    )


async def test_no_argument_of_any_process_is_read_into_the_payload(tmp_path: Path) -> None:
    secret = f"hunter2-{random.randrange(10**12)}"
    port = free_port()
    command = redis(tmp_path / "a", port, "--requirepass", secret)
    server = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])))"
    text = f"{server}\nwhile True: s.accept()"
    other = free_port()
    with ExitStack() as stack:
        stack.enter_context(running(command, port))
        stack.enter_context(running([sys.executable, "-c", text, str(other), secret], other))
        payloads = [p async for p in SCANNER.fetch(LocalSettings(), (), None)]
    assert payloads
    assert secret not in repr(payloads)
    assert entry_point([sys.executable, "-c", text, secret]) == ""


async def test_two_scans_of_an_unchanged_machine_find_the_same_machine() -> None:
    settings = LocalSettings(connections=False, containers=False)
    first, second = [await run_scan(SCANNER, settings) for _ in range(2)]
    assert first.scope == second.scope
    one, other = next(iter(first.observations)), next(iter(second.observations))
    assert isinstance(one, ItemObservation)
    assert isinstance(other, ItemObservation)
    assert (one.identifiers, one.properties) == (other.identifiers, other.properties)


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


@contextmanager
def runtime(path: Path, answer: bytes) -> Iterator[LocalSettings]:
    """A container runtime's socket that gives one recorded answer to every request."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with _Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield LocalSettings(container_sockets=(str(path),))
        finally:
            server.shutdown()
            thread.join()


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


LISTED = [
    {"Id": "9f" * 32, "Names": ["/orders-worker"], "Image": "shop/orders:2", "State": "running"},
    {"Id": "1a" * 32, "Names": None, "Image": "shop/mail:1"},
]


def test_a_runtime_is_asked_over_its_socket(tmp_path: Path) -> None:
    errors: list[str] = []
    shims = (RunningContainer("containerd", "9f" * 32), RunningContainer("containerd", "77" * 32))
    with runtime(tmp_path / "docker.sock", http(json.dumps(LISTED).encode())) as settings:
        found = read_containers(settings, shims, errors, [])
    assert found == (
        RunningContainer("docker", "1a" * 32, "", "shop/mail:1"),
        RunningContainer("containerd", "77" * 32),
        RunningContainer("docker", "9f" * 32, "orders-worker", "shop/orders:2"),
    )
    assert errors == []


@pytest.mark.parametrize(
    "answer",
    [
        http(b"no", "500 Internal Server Error"),
        http(b"<html>"),
        http(b'{"message": "x"}'),
        b"garbage\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[",
    ],
)
def test_a_runtime_that_answers_nonsense_is_an_error_and_not_the_end(
    tmp_path: Path, answer: bytes
) -> None:
    errors: list[str] = []
    with runtime(tmp_path / "docker.sock", answer) as settings:
        assert read_containers(settings, (), errors, []) == ()
    assert len(errors) == 1
    assert str(tmp_path) in errors[0]


def test_a_runtime_that_is_gone_is_an_error(tmp_path: Path) -> None:
    errors: list[str] = []
    settings = LocalSettings(container_sockets=(str(tmp_path / "none.sock"),))
    assert read_containers(settings, (), errors, []) == ()
    assert len(errors) == 1


def dpkg(folder: Path, write: Callable[[Path, str], object] = Path.write_text) -> Path:
    (folder / "info").mkdir(parents=True)
    write(folder / "info" / "redis-tools.list", "/.\n/usr/bin/redis-check-rdb\n")
    write(folder / "info" / "libfoo:amd64.list", "/bin/foo\n")
    write(
        folder / "status",
        "Package: redis-tools\nStatus: install ok installed\nVersion: 5:7.0.15-1~deb12u1\n\n"
        "Package: libfoo\nVersion: 1.2-3\n\nPackage: other\nVersion: 9\n",
    )
    return folder


def test_versions_come_from_the_package_database(tmp_path: Path) -> None:
    wanted = ["/usr/bin/redis-check-rdb", "/usr/bin/foo", "/opt/own/tool"]
    assert read_versions(wanted, dpkg(tmp_path)) == {
        "/usr/bin/foo": "1.2",
        "/usr/bin/redis-check-rdb": "7.0.15",
    }


def test_without_a_package_database_no_version_is_known(tmp_path: Path) -> None:
    assert read_versions(["/usr/bin/foo"], tmp_path / "none") == {}
    assert read_versions([], tmp_path) == {}


@pytest.mark.parametrize(
    ("packaged", "version"),
    [
        ("5:7.0.15-1~deb12u1", "7.0.15"),
        ("1.22.1-9+deb12u11", "1.22.1"),
        ("15+248+deb12u1", "15"),
        ("2024a", "2024a"),
        ("1.1.1~rc2-1", "1.1.1"),
    ],
)
def test_the_upstream_version_is_what_the_maker_called_it(packaged: str, version: str) -> None:
    assert upstream(packaged) == version
