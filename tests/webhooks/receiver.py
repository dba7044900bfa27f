"""A real HTTP receiver on loopback that refuses as often as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Got = tuple[dict[str, str], bytes]


class Receiver:
    """What came, taken or not; ``refuse`` more will get a 503."""

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.got: list[Got] = []
        self.taken: list[Got] = []
        self.on_taken: Callable[[], None] = lambda: None
        self._changed = threading.Condition()
        self.url = ""

    def take(self, got: Got) -> int:
        """Note what came; the status to answer with."""
        with self._changed:
            self.got.append(got)
            if self.refuse > 0:
                self.refuse -= 1
                status = 503
            else:
                self.taken.append(got)
                status = 204
            self._changed.notify_all()
        if status == 204:
            self.on_taken()
        return status

    def wait(self, count: int, seconds: float = 60) -> list[Got]:
        """What was taken, as soon as it is so many; fails where that does not happen."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.taken) >= count, seconds), self.got
            return list(self.taken)


@contextmanager
def receiving(refuse: int = 0) -> Iterator[Receiver]:
    """Receive on a free port."""
    receiver = Receiver(refuse)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take((headers, body)))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
