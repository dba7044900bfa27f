"""A sink that remembers, and a server that is away until it is told to be there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from discovery.run import ScanResult
from discovery.sink import Stored


class Recorder:
    """Remembers what it was given to store, and which runs failed."""

    def __init__(self) -> None:
        self.found: list[ScanResult] = []
        self.failures: list[tuple[str, str, str]] = []

    async def last_complete_run(self, source: str, scope: str) -> datetime | None:
        return None

    async def store(self, found: ScanResult, progress: Callable[[int], None]) -> Stored:
        self.found.append(found)
        progress(len(found.observations))
        status = "partial" if found.partial else "complete"
        return Stored(status, "run", {"created": len(found.observations)}, 1)

    async def failed(self, source: str, scope: str, error: str, started: datetime) -> None:
        self.failures.append((source, scope, error))


@contextmanager
def answering(answers: Iterator[tuple[int, bytes]]) -> Iterator[str]:
    """A server whose answers come one after the other; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = next(answers)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/state"
        finally:
            server.shutdown()
            thread.join()
