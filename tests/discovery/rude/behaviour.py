"""Ways in which servers misbehave, over real connections."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.discovery.daemons import serving

PIECE = 2**20
HEAD = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n"


@dataclass
class Server:
    """What a rude server has done: ``asked`` are its requests, ``sent`` how many bytes it sent."""

    asked: list[str] = field(default_factory=list)
    sent: int = 0

    def send(self, client: socket.socket, data: bytes) -> None:
        client.sendall(data)
        self.sent += len(data)


Behaviour = Callable[[Server, socket.socket], None]


def hangs_after_accept(server: Server, client: socket.socket) -> None:
    del server, client
    threading.Event().wait()


def hangs_after_headers(server: Server, client: socket.socket) -> None:
    server.send(client, HEAD + b"content-length: 100\r\n\r\n")
    threading.Event().wait()


def drips(server: Server, client: socket.socket) -> None:
    """Sends a little, again and again: never so late that reading it would time out."""
    server.send(client, HEAD + b"content-length: 1000000\r\n\r\n")
    while True:
        server.send(client, b" ")
        threading.Event().wait(0.05)


def is_busy(server: Server, client: socket.socket) -> None:
    status = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\n"
    server.send(client, status + b"connection: close\r\ncontent-length: 0\r\n\r\n")


def is_busy_for_long(server: Server, client: socket.socket) -> None:
    status = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 86400\r\n"
    server.send(client, status + b"connection: close\r\ncontent-length: 0\r\n\r\n")


def fails(server: Server, client: socket.socket) -> None:
    status = b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n"
    server.send(client, status + b"content-length: 4\r\n\r\noops")


def shows_a_page(server: Server, client: socket.socket) -> None:
    body = b"<html><p>Sign in<br></html>"
    head = HEAD.replace(b"application/json", b"text/html")
    server.send(client, head + b"content-length: %d\r\n\r\n%s" % (len(body), body))


def is_not_text(server: Server, client: socket.socket) -> None:
    server.send(client, HEAD + b'content-length: 10\r\n\r\n{"a": "\xff"}')


def sends_too_much(server: Server, client: socket.socket) -> None:
    """50 MB at once that are one text."""
    server.send(client, HEAD + b'content-length: %d\r\n\r\n"' % (50 * PIECE + 2))
    for _ in range(50):
        server.send(client, b"x" * PIECE)
    server.send(client, b'"')


def never_ends(server: Server, client: socket.socket) -> None:
    server.send(client, HEAD + b"transfer-encoding: chunked\r\n\r\n")
    while True:
        server.send(client, b"%x\r\n%s\r\n" % (PIECE, b" " * PIECE))


def closes_midway(server: Server, client: socket.socket) -> None:
    server.send(client, HEAD + b'content-length: 1000\r\n\r\n{"a": [1,')
    client.shutdown(socket.SHUT_RDWR)
    client.close()


BEHAVIOURS: tuple[Behaviour, ...] = (
    hangs_after_accept,
    hangs_after_headers,
    drips,
    is_busy,
    is_busy_for_long,
    fails,
    shows_a_page,
    is_not_text,
    sends_too_much,
    never_ends,
    closes_midway,
)


def answering(*bodies: object) -> Behaviour:
    """Answers with these documents one after the other, and then from the first on again. What is
    a function is asked with the number of the request."""

    def answer(server: Server, client: socket.socket) -> None:
        number = len(server.asked) - 1
        body = bodies[number % len(bodies)]
        said = body(number) if callable(body) else body
        respond(client, said)

    return answer


def respond(client: socket.socket, body: object, status: int = 200) -> None:
    """Answer well: bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = HEAD.replace(b"200 OK", b"%d Fine" % status)
    client.sendall(head + b"content-length: %d\r\n\r\n%s" % (len(data), data))
    client.close()


Good = Callable[[str], object]
"""What a well-behaved server answers to a request, by its head; with its status, if not 200."""


@contextmanager
def served(
    behaviour: Behaviour, is_rude: Callable[[str], bool], good: Good
) -> Iterator[tuple[str, Server]]:
    """A server that is well-behaved, except to requests that ``is_rude`` knows by their head."""
    server = Server()

    def answer(client: socket.socket) -> None:
        head = _head(client)
        if not is_rude(head):
            said = good(head)
            status, body = said if isinstance(said, tuple) else (200, said)
            respond(client, body, status)
            return
        server.asked.append(head.splitlines()[0])
        behaviour(server, client)

    with serving(answer) as port:
        yield f"http://127.0.0.1:{port}", server


def _head(client: socket.socket) -> str:
    """The head of a request; its body is read and dropped."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            raise OSError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    lengths = [x.partition(":")[2] for x in text.lower().splitlines() if x.startswith("content-le")]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        missing -= len(client.recv(65536))
    return text
