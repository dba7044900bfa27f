"""Asking Docker and Podman what they run: plain HTTP over their Unix sockets."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from discovery.local import LocalSettings
from discovery.machine.payload import RunningContainer

TIMEOUT = 5.0
"""Seconds that a runtime has to answer."""
MAX_ANSWER = 32 * 2**20
"""Bytes that are read of an answer."""


class _Container(msgspec.Struct):
    Id: str
    Names: list[str] | None = None
    Image: str = ""


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)


def read_containers(
    settings: LocalSettings,
    shims: Sequence[RunningContainer],
    errors: list[str],
    closed: list[str],
) -> tuple[RunningContainer, ...]:
    """The running containers that a runtime tells of, and those that only their guardians show.

    Adds to ``closed`` the sockets that this user may not ask.
    """
    found: dict[str, RunningContainer] = {}
    for path in _sockets(settings):
        runtime = "podman" if "podman" in path else "docker"
        try:
            answer = _get(path, "/containers/json")
            containers = msgspec.json.decode(answer, type=list[_Container])
        except PermissionError:
            closed.append(path)
            continue
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            errors.append(f"{path} did not list its containers: {error}.")
            continue
        for one in containers:
            name = one.Names[0].lstrip("/") if one.Names else ""
            found[one.Id] = RunningContainer(runtime, one.Id, name, one.Image)
    for shim in shims:
        found.setdefault(shim.id, shim)
    return tuple(found[id_] for id_ in sorted(found))


def _sockets(settings: LocalSettings) -> list[str]:
    if not hasattr(socket, "AF_UNIX"):
        return []
    if settings.container_sockets:
        return list(settings.container_sockets)
    usual = ["/run/docker.sock", "/run/podman/podman.sock"]
    runtime_dir = os.environ.get("XDG_RUNTIME_DIR")
    if runtime_dir:
        usual += [f"{runtime_dir}/docker.sock", f"{runtime_dir}/podman/podman.sock"]
    return [path for path in usual if _exists(path)]


def _exists(path: str) -> bool:
    try:
        return Path(path).is_socket()
    except PermissionError:  # the folder is closed: asking says so with a sentence
        return True


def _get(path: str, resource: str) -> bytes:
    connection: Any = _Connection(path)
    try:
        connection.request("GET", resource)
        response = connection.getresponse()
        if response.status != 200:
            raise OSError(f"it answered {response.status} {response.reason}")
        return bytes(response.read(MAX_ANSWER))
    finally:
        connection.close()
