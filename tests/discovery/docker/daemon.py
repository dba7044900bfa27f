"""A real dockerd of our own, with an image made of two programs, for as long as tests take."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HOW = (
    "no dockerd that may be started here: as root, with Debian's docker.io installed, these tests "
    "run against a daemon of their own"
)


def required() -> None:
    """Skips where no daemon can be started, and fails where tests may not skip."""
    if shutil.which("dockerd") and shutil.which("ldd") and os.geteuid() == 0:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"There is {HOW}.")
    pytest.skip(HOW)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Start a daemon; the value is the address of its socket."""
    required()
    socket = folder / "docker.sock"
    words = [
        "dockerd",
        "--data-root",
        str(folder / "data"),
        "--exec-root",
        str(folder / "exec"),
        "--pidfile",
        str(folder / "pid"),
        "-H",
        f"unix://{socket}",
        "--iptables=false",
        "--ip6tables=false",
        "--bridge=none",
        "--storage-driver=vfs",
    ]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, errors="replace") as daemon:
        said: list[str] = []
        try:
            assert daemon.stderr
            for line in daemon.stderr:
                said.append(line)
                if "API listen on" in line:
                    break
            else:
                pytest.fail(f"dockerd did not start: {''.join(said[-10:])}")
            # A pipe that nobody reads fills up, and then the daemon stands still.
            threading.Thread(target=said.extend, args=(daemon.stderr,), daemon=True).start()
            yield f"unix://{socket}"
        finally:
            daemon.terminate()
            daemon.wait()


def image() -> bytes:
    """A root file system with sleep, and the libraries that it needs."""
    program = shutil.which("sleep")
    assert program
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    found = io.BytesIO()
    with tarfile.open(fileobj=found, mode="w") as archive:
        archive.add(os.path.realpath(program), "bin/sleep")
        for path in re.findall(r"(/\S+) \(", listed):
            archive.add(os.path.realpath(path), path.lstrip("/"))
    return found.getvalue()


def start(client: Any, name: str, network: str, **more: Any) -> str:
    """Start a container that does nothing; returns its id."""
    labels = more.pop("labels", {})
    volumes = more.pop("volumes", {})
    own = client.create_container(
        "desk/idle:1",
        ["/bin/sleep", "600"],
        name=name,
        labels=labels,
        environment=more.pop("environment", {}),
        host_config=client.create_host_config(
            network_mode=network, binds={v: {"bind": at} for v, at in volumes.items()}
        ),
        networking_config=client.create_networking_config(
            {network: client.create_endpoint_config(aliases=more.pop("aliases", []))}
        )
        if network != "none"
        else None,
    )["Id"]
    client.start(own)
    return str(own)
