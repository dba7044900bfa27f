"""Asks services by TCP whether they serve: ``probe.py ADDRESS:PORT:PROTOCOL…`` prints JSON.

``http`` must answer without an error of the server, ``ssh`` must greet, ``postgresql`` and
``redis`` must answer a client's first message; of anything else it is enough that it is there.
"""

from __future__ import annotations

import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

SECONDS = 1.5
_ASK = {
    # As browsers ask: for a request of HTTP/1.0 a proxy would keep no connection open behind it.
    "http": b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n",
    "postgresql": b"\x00\x00\x00\x08\x04\xd2\x16\x2f",  # may we speak TLS?
    "redis": b"PING\r\n",
}
_RIGHT = {
    "http": (b"HTTP/1.0 2", b"HTTP/1.1 2", b"HTTP/1.0 3", b"HTTP/1.1 3"),
    "ssh": (b"SSH-",),
    "postgresql": (b"N", b"S"),
    "redis": (b"+PONG", b"-NOAUTH"),
}


def serves(place: str) -> bool:
    """Whether the service at ``ADDRESS:PORT:PROTOCOL`` answers as one that serves does."""
    address, port, protocol = place.rsplit(":", 2)
    try:
        with socket.create_connection((address, int(port)), SECONDS) as connection:
            connection.settimeout(SECONDS)
            if protocol in _ASK:
                connection.sendall(_ASK[protocol])
            return protocol not in _RIGHT or connection.recv(64).startswith(_RIGHT[protocol])
    except OSError:
        return False


if __name__ == "__main__":
    with ThreadPoolExecutor(32) as pool:
        print(json.dumps(dict(zip(sys.argv[1:], pool.map(serves, sys.argv[1:]), strict=True))))
