"""Real daemons for tests: started on free ports of the loopback interface, ended with the test."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

IN_CI = os.environ.get("CI") == "true"


def program(name: str, package: str = "") -> str:
    """Where a program is; the test is skipped where it is not installed, and fails in CI."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = shutil.which(name, path=path) or _postgres(name)
    if found is None:
        reason = f"{name} is not installed: apt-get install {package or name}"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def _postgres(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else None


def free_port() -> int:
    """A port that nobody listens on, below those that outgoing connections get."""
    for port in random.sample(range(20_000, 30_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


@contextmanager
def running(
    command: list[str], port: int, log: Path | None = None, **options: Any
) -> Iterator[int]:
    """A daemon as a child process, from when it answers until the block ends."""
    with (
        (log or Path(os.devnull)).open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, **options) as child,
    ):
        try:
            wait(lambda: _answers(port) or child.poll() is not None)
            said = log.read_text(errors="replace")[-2000:] if log else ""
            assert child.poll() is None, f"{command[0]} ended with {child.returncode} {said}"
            yield child.pid
        finally:
            child.terminate()
            child.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait(ready: Callable[[], object], tries: int = 6_000) -> None:
    """Until something is so; fails where it never is."""
    for _ in range(tries):
        if ready():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never was")


@contextmanager
def serving(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port at which every connection is given to ``answer``, and closed after the block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                kept.append(client)
                threading.Thread(target=_guarded, args=(answer, client), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            for client in kept:
                client.close()


def _guarded(answer: Callable[[socket.socket], object], client: socket.socket) -> None:
    try:
        answer(client)
    except OSError:
        client.close()
