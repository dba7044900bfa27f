"""Reading from other people's servers over HTTP: patiently, a few requests at a time, and without
a word about the credentials.

httpx is imported when a server is read from, so that listing scanners stays quick.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import msgspec

from cmdb.errors import InvalidSettings, RemoteUnavailable
from discovery.address import LOOPBACK, origin
from discovery.scanner import Failure, PayloadT
from discovery.setting_values import Secret

MAX_BODY = 64 * 1024 * 1024
"""Bytes of one answer, unpacked; a page of records is far below."""
ATTEMPTS = 5
"""How often one thing is asked for where the server is busy or does not answer."""
LONGEST_WAIT = 120.0
"""Seconds. A server that asks for a longer pause is left alone."""
SLOWEST = 10
"""A whole answer may take this many times as long as is waited for its next piece."""
MOST_PAGES = 100_000
"""Of one list; a server that has more has lost its way."""
BUSY = (429, 502, 503, 504)

Query = Mapping[str, str | int | Sequence[str]]


class Answer(msgspec.Struct, frozen=True):
    """What a server answered; ``next`` is the address of the next page where it names one."""

    status: int
    body: bytes
    headers: dict[str, str]
    next: str | None = None


class Remote:
    """A server that is read from. Use it as an async context manager.

    ``pause`` is the first wait, in seconds, before something is asked for again. Requests in flight
    are at most ``at_once``. ``has_answered`` says whether it ever did.
    """

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        *,
        timeout: float = 30.0,
        at_once: int = 4,
        pause: float = 0.5,
    ) -> None:
        import httpx

        parts = urlsplit(address)
        self.host = parts.netloc
        self._root = address.rstrip("/") + "/"
        self._origin = origin(parts)
        self._pause = pause
        self._longest = timeout * SLOWEST
        self._free = asyncio.Semaphore(at_once)
        self.has_answered = False
        self._client = httpx.AsyncClient(
            headers={"accept": "application/json", "user-agent": "cmdb", **headers},
            timeout=timeout,
            trust_env=parts.hostname not in LOOPBACK,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def read(self, path: str, query: Query | None = None) -> Any:
        """The JSON that is there; see :meth:`get`."""
        return decoded(self.accepted(await self.get(path, query)), self.host)

    def accepted(self, answer: Answer) -> Answer:
        """The answer, where it is what was asked for.

        Raises :class:`~cmdb.errors.InvalidSettings` where the credentials are refused and
        :class:`~cmdb.errors.RemoteUnavailable` for any other refusal.
        """
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise InvalidSettings(
                f"{self.host} refuses the credentials (401): check the user and the secret."
            )
        if not 200 <= answer.status < 300:
            raise RemoteUnavailable(f"{self.host} answered {_said(answer)}.")
        return answer

    async def get(self, path: str, query: Query | None = None) -> Answer:
        """What the server answers, whatever its status, once it is not busy any more.

        ``path`` is below the server's address, or a whole address on it. Raises
        :class:`~cmdb.errors.RemoteUnavailable` where it does not answer, stays busy, or leads
        elsewhere: credentials go to no other server.
        """
        address = urljoin(self._root, path)
        if origin(urlsplit(address)) != self._origin:
            raise RemoteUnavailable(
                f"{self.host} names a next page on another server, which is not asked."
            )
        for attempt in range(1, ATTEMPTS + 1):
            async with self._free:
                answer = await self._once(address, query, last=attempt == ATTEMPTS)
            if answer is not None and answer.status not in BUSY:
                return answer
            if answer is not None and attempt == ATTEMPTS:
                raise RemoteUnavailable(
                    f"{self.host} answered {_said(answer)}, {ATTEMPTS} times in a row."
                )
            await asyncio.sleep(self._wait(attempt, answer))
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, address: str, query: Query | None, *, last: bool) -> Answer | None:
        """One attempt; None where it failed and another may not."""
        import httpx

        try:
            async with asyncio.timeout(self._longest):
                answer = await self._ask(address, query)
        except TimeoutError:
            raise RemoteUnavailable(
                f"{self.host} did not end its answer within {self._longest:g} seconds."
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # A server that never answered is more likely misnamed than busy.
            if last or (isinstance(error, httpx.ConnectError) and not self.has_answered):
                said = str(error) or type(error).__name__
                raise RemoteUnavailable(f"{self.host} can't be reached: {said}.") from None
            return None
        self.has_answered = True
        return answer

    async def _ask(self, address: str, query: Query | None) -> Answer:
        async with self._client.stream("GET", address, params=_params(query)) as response:
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_BODY:
                    raise RemoteUnavailable(
                        f"{self.host} answered with more than {MAX_BODY // 2**20} MiB at once: "
                        "set a smaller page_size."
                    )
            following = response.links.get("next", {}).get("url")
            return Answer(
                response.status_code,
                bytes(body),
                {name.lower(): value for name, value in response.headers.items()},
                urljoin(address, following) if following else None,
            )

    def _wait(self, attempt: int, answer: Answer | None) -> float:
        """Seconds until the next attempt: what the server asks for, or longer each time."""
        asked = retry_after(answer.headers.get("retry-after")) if answer is not None else None
        if asked is None:
            return float(self._pause * 2 ** (attempt - 1) * (0.5 + 0.5 * random.random()))
        if asked > LONGEST_WAIT:
            raise RemoteUnavailable(
                f"{self.host} is busy and asks to be left alone for {asked:.0f} seconds: "
                "run it again later."
            )
        return asked


class Pages:
    """Watches over the pages of one list, so that it ends: a server may not know where."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._count = 0
        self._last: object = None

    def check(self, rows: Sequence[Any]) -> None:
        """Raises :class:`~cmdb.errors.RemoteUnavailable` where the same page comes twice in a
        row, or more pages than a list can have."""
        self._count += 1
        if rows and rows == self._last:
            raise RemoteUnavailable(f"{self._host} gives the same page again and again.")
        if self._count > MOST_PAGES:
            raise RemoteUnavailable(
                f"{self._host} does not come to the end of a list ({MOST_PAGES:,} pages)."
            )
        self._last = rows


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for; None where there is none to be read.

    >>> retry_after("7"), retry_after("soon")
    (7.0, None)
    """
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def basic(user: str, password: Secret) -> dict[str, str]:
    """The header of basic authentication."""
    both = base64.b64encode(f"{user}:{password.value}".encode()).decode()
    return {"authorization": f"Basic {both}"}


def bearer(token: Secret) -> dict[str, str]:
    """The header of a bearer token."""
    return {"authorization": f"Bearer {token.value}"}


def decoded(answer: Answer, host: str) -> Any:
    """The JSON of an answer; raises :class:`~cmdb.errors.RemoteUnavailable` where it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        kind = answer.headers.get("content-type", "of no type").partition(";")[0][:60]
        raise RemoteUnavailable(
            f"{host} answered with something that is no JSON ({kind}): is the address right?"
        ) from None


async def part(
    remote: Remote,
    name: str,
    pages: AsyncIterator[PayloadT],
    *,
    hides_links: bool = False,
) -> AsyncIterator[PayloadT | Failure]:
    """The pages of one part of a scan; where one can't be read, a failure that names the part.

    Raises what says that no other part will do better: a server that never answered, and
    credentials that are refused.
    """
    try:
        async for page in pages:
            yield page
    except RemoteUnavailable as error:
        if not remote.has_answered:
            raise
        yield Failure(f"{name}: {error.message}", hides_links)


def _params(query: Query | None) -> list[tuple[str, str | int | float | bool | None]] | None:
    """The parameters, one for each value of a list; None keeps those of the address."""
    if query is None:
        return None
    pairs: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in query.items():
        values = [value] if isinstance(value, str | int) else value
        pairs += [(name, one) for one in values]
    return pairs


def _said(answer: Answer) -> str:
    try:
        phrase = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        phrase = ""
    hint = {
        403: ": the account may not read this",
        404: ": is the address right, and does the account see it?",
    }.get(answer.status, "")
    if 300 <= answer.status < 400:
        hint = ": it sends us elsewhere, and credentials go to no other address"
    return f"{answer.status}{phrase}{hint}"
