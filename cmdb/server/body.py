"""Request bodies, read up to a limit."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request


class TooLarge(Exception):
    """A request's body is longer than is taken."""

    def __init__(self, most: int) -> None:
        self.message = f"The request's body is longer than {most:,} bytes, the most that is taken."
        super().__init__(self.message)


async def limited_stream(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body in pieces; raises :class:`TooLarge` as soon as it is known to be longer."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise TooLarge(most)
    received = 0
    async for piece in request.stream():
        received += len(piece)
        if received > most:
            raise TooLarge(most)
        yield piece


async def limited_body(request: Request, most: int) -> bytes:
    """The whole body; raises :class:`TooLarge`."""
    return b"".join([piece async for piece in limited_stream(request, most)])
