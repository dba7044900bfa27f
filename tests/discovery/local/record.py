"""Record what the local scanner reads, from daemons that really run, as root and as nobody.

Run as root on Linux with nginx, redis-server, postgresql, docker.io, busybox-static and iproute2
installed::

    python tests/discovery/local/record.py

It builds two network namespaces with a cable between them, starts the daemons in the one and a
database's stand-in in the other, lets clients connect, and writes ``recordings/root.json`` and
``recordings/user.json``. Everything it started is stopped by its process id. What names the machine
it ran on is replaced, and processes and sockets that it did not start are left out.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import psutil

from discovery.local import SCANNER, LocalSettings
from discovery.machine.payload import Machine, MachinePayload, Process
from discovery.scanner import Failure, encode_payload

HERE, PEER = "cmdb-rec-here", "cmdb-rec-peer"
NOBODY = 65534
RECORDINGS = Path(__file__).parent / "recordings"
POSTGRES = "/usr/lib/postgresql/15/bin"
APPLICATION = """
import asyncio, socket, sys
kept = [socket.create_connection(place) for place in (
    ("127.0.0.1", 5432), ("127.0.0.1", 6379), ("10.77.0.2", 5432), ("10.77.0.2", 443))]
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
"""
STAND_IN = """
import socket, threading
def serve(port):
    server = socket.create_server(("10.77.0.2", port))
    kept = []
    while True:
        kept.append(server.accept())
threading.Thread(target=serve, args=(443,), daemon=True).start()
serve(5432)
"""
NGINX = """
daemon off; worker_processes 2; user www-data; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/n1; proxy_temp_path {folder}/n2; fastcgi_temp_path {folder}/n3;
  uwsgi_temp_path {folder}/n4; scgi_temp_path {folder}/n5;
  upstream shop {{ server 127.0.0.1:8000; keepalive 4; }}
  server {{ listen 80; location / {{
    proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
}}
"""


def main() -> None:
    """Build, start, record, stop."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        stack.enter_context(_network())
        started = [stack.enter_context(p) for p in _daemons(folder)]
        containers = stack.enter_context(_docker(folder))
        started.append(containers)
        for name, user in (("root", 0), ("user", NOBODY)):
            command = [sys.executable, __file__, name, str(containers), *map(str, started)]
            done = subprocess.run(
                _inside(HERE, *command), check=True, env=_environment(user), stdout=subprocess.PIPE
            )
            (RECORDINGS / f"{name}.json").write_bytes(done.stdout)


def record(name: str, docker: int, mine: set[int]) -> None:
    """Read the machine as root or as nobody, and keep what was started for the recording."""
    sock = Path(f"/proc/{docker}/cmdline").read_bytes().split(b"unix://")[1].split(b"\0")[0]
    settings = LocalSettings(container_sockets=(sock.decode(),))
    if name == "user":
        # Once as root first: nobody could not import from a Python that lives in root's home.
        asyncio.run(_fetched(settings))
        psutil.process_iter.cache_clear()
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    payload = asyncio.run(_fetched(settings))
    sys.stdout.buffer.write(encode_payload(_cleaned(payload, mine)))


async def _fetched(settings: LocalSettings) -> MachinePayload:
    async for payload in SCANNER.fetch(settings, (), None):
        assert not isinstance(payload, Failure)
        return payload
    raise AssertionError("the scanner read nothing")


def _cleaned(payload: MachinePayload, mine: set[int]) -> MachinePayload:
    """The payload without what names the machine, and without what others run on it."""
    machine = msgspec.structs.replace(
        payload.machine,
        hostname="shop1",
        fqdn="shop1.example.org",
        kernel="6.1.0-21-amd64",
        machine_id="0c0f2a9d5d4b4a0e8f5f0a3c2b1d4e5f",
        boot_time=1_764_000_000.0,
        memory=8 * 2**30,
    )
    assert isinstance(machine, Machine)
    known = {p.pid: p for p in payload.processes}
    processes = tuple(
        msgspec.structs.replace(p, exe=_public(p.exe))
        for pid, p in known.items()
        if mine & set(_ancestors(known, pid))
    )
    return msgspec.structs.replace(
        payload,
        machine=machine,
        processes=(Process(1, 0, "systemd", "/usr/lib/systemd/systemd"), *processes),
        mounts=tuple(m for m in payload.mounts if m.mount_point == "/"),
        versions={_public(exe): version for exe, version in payload.versions.items()},
        closed_sockets=tuple("/run/docker.sock" for _ in payload.closed_sockets),
    )


def _ancestors(known: dict[int, Process], pid: int) -> Iterator[int]:
    while pid in known:
        yield pid
        pid = known[pid].parent


def _public(exe: str) -> str:
    return f"/usr/bin/{Path(exe).name}" if "python" in exe else exe


@contextmanager
def _network() -> Iterator[None]:
    for name in (HERE, PEER):
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(
            ["ip", "link", "add", "lan0", "netns", HERE, "address", "52:54:00:77:00:01",
             "type", "veth", "peer", "name", "lan0", "netns", PEER],
            check=True,
        )  # fmt: skip
        for name, address in ((HERE, "10.77.0.1/24"), (PEER, "10.77.0.2/24")):
            for command in (f"addr add {address} dev lan0", "link set lan0 up", "link set lo up"):
                subprocess.run(["ip", "-n", name, *command.split()], check=True)
        yield
    finally:
        for name in (HERE, PEER):
            subprocess.run(["ip", "netns", "del", name], check=True)


def _inside(namespace: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", namespace, *command]


def _environment(user: int) -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[3])
    return {"PATH": os.environ["PATH"], "PYTHONPATH": root, "HOME": "/tmp" if user else "/root"}


def _daemons(folder: Path) -> Iterator[_Daemon]:
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
    (folder / "shop.py").write_text(textwrap.dedent(APPLICATION))
    data = folder / "pg"
    data.mkdir()
    shutil.chown(data, "postgres", "postgres")
    subprocess.run(
        [f"{POSTGRES}/initdb", "-D", str(data), "-A", "trust"],
        check=True, user="postgres", stdout=subprocess.DEVNULL,
    )  # fmt: skip
    yield _Daemon(PEER, [sys.executable, "-c", STAND_IN], ("10.77.0.2", 5432))
    yield _Daemon(
        HERE,
        [f"{POSTGRES}/postgres", "-D", str(data), "-k", str(data), "-h", "0.0.0.0"],
        ("127.0.0.1", 5432),
        user="postgres",
    )
    yield _Daemon(
        HERE,
        ["redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--dir", "/"],
        ("127.0.0.1", 6379),
        user="redis",
    )
    yield _Daemon(
        HERE,
        [sys.executable, "-m", "uvicorn", "shop:app", "--app-dir", str(folder), "--port", "8000"],
        ("127.0.0.1", 8000),
    )
    yield _Daemon(HERE, ["nginx", "-c", str(folder / "nginx.conf")], ("127.0.0.1", 80), get=True)


class _Daemon:
    """A program that is started in a namespace, waited for, and stopped by its id."""

    def __init__(
        self,
        namespace: str,
        command: list[str],
        place: tuple[str, int],
        user: str | None = None,
        get: bool = False,
    ) -> None:
        self._namespace, self._command, self._place = namespace, command, place
        self._user, self._get = user, get

    def __enter__(self) -> int:
        # setns before exec keeps the process id: no wrapper stays in between.
        namespace = os.open(f"/run/netns/{self._namespace}", os.O_RDONLY)
        self._process = subprocess.Popen(
            self._command,
            preexec_fn=lambda: _enter(namespace, self._user),  # noqa: PLW1509  # no threads here
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(1),
        )
        os.close(namespace)
        _wait(self._namespace, self._place, self._get)
        return self._process.pid

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)


def _enter(namespace: int, user: str | None) -> None:
    import ctypes
    import pwd

    ctypes.CDLL(None).setns(namespace, 0)
    if user:
        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)


def _wait(namespace: str, place: tuple[str, int], get: bool) -> None:
    """Until the place answers; asks for a page once where it is a web server."""
    ask = (
        "import socket,sys;s=socket.create_connection((sys.argv[1],int(sys.argv[2])),1);"
        "g=sys.argv[3];g and s.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n');g and s.recv(99)"
    )
    command = _inside(namespace, sys.executable, "-c", ask, place[0], str(place[1]), "1" * get)
    for _ in range(200):
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers at {place}")


@contextmanager
def _docker(folder: Path) -> Iterator[int]:
    """A Docker daemon with two containers of a tree that holds busybox."""
    sock = f"unix://{folder}/docker.sock"
    daemon = subprocess.Popen(
        ["dockerd", "--data-root", str(folder / "docker"), "--exec-root", str(folder / "exec"),
         "-H", sock, "--pidfile", str(folder / "docker.pid"), "--iptables=false",
         "--ip6tables=false", "--bridge=none", "--storage-driver=vfs"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    docker = ["docker", "-H", sock]
    try:
        for _ in range(200):
            if subprocess.run([*docker, "ps"], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        tree = folder / "tree" / "bin"
        tree.mkdir(parents=True)
        shutil.copy("/bin/busybox", tree / "busybox")
        packed = subprocess.run(
            ["tar", "-C", str(folder / "tree"), "-c", "."], check=True, capture_output=True
        )
        image, quiet = "registry.example.org/worker:2.1", subprocess.DEVNULL
        subprocess.run(
            [*docker, "import", "-", image], input=packed.stdout, check=True, stdout=quiet
        )
        names = ("orders-worker", "mail-worker")
        for name in names:
            worker = ["--network", "none", "--name", name, image, "/bin/busybox", "sleep", "600"]
            subprocess.run([*docker, "run", "-d", *worker], check=True, stdout=quiet)
        yield daemon.pid
        subprocess.run([*docker, "rm", "-f", *names], check=True, stdout=quiet)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        record(sys.argv[1], int(sys.argv[2]), {int(pid) for pid in sys.argv[3:]})
    else:
        main()
