"""Listening: on which address, and until when."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from cmdb.errors import InvalidSettings

GRACE = 5
"""Seconds that requests under way have when the server is stopped."""


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_listen(host: str, token: str | None) -> None:
    """Raise :class:`~cmdb.errors.InvalidSettings` where others could reach it without a token."""
    if not token and not is_loopback(host):
        raise InvalidSettings(
            f"A server that listens on {host} can be reached from other machines: set CMDB_TOKEN "
            "(or CMDB_TOKEN_FILE) first, or listen on 127.0.0.1."
        )


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises :class:`~cmdb.errors.InvalidSettings` where it can't."""
    try:
        family, *_, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        raise InvalidSettings(
            f"The server can't listen on {host} port {port}: {error.strerror or error}. "
            "Give another with --port; 0 takes a free one."
        ) from None


def url_of(listening: socket.socket) -> str:
    """Where to go to: the real port, and a name that a browser takes."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1" if listening.family == socket.AF_INET else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Says when it is ready, and returns when it is told to stop instead of ending the process."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop gracefully on SIGINT and SIGTERM while serving; then hand them back."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def run_server(
    app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM. ``on_ready`` gets the address once it can be called.

    Raises :class:`~cmdb.errors.InvalidSettings` where the address can't be listened on.
    """
    with bound_socket(host, port) as listening:
        address = url_of(listening)
        config = uvicorn.Config(
            app,
            log_level="warning",
            lifespan="off",
            server_header=False,
            date_header=True,
            timeout_graceful_shutdown=GRACE,
            ws="none",
        )
        server = _Server(config, lambda: on_ready(address) if on_ready else None)
        try:
            await server.serve(sockets=[listening])
        except asyncio.CancelledError:
            server.should_exit = True
            raise
