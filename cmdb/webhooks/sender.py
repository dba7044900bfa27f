"""Sending: one attempt, and when to try again."""

from __future__ import annotations

import random
import time

import httpx

from cmdb.webhooks.endpoints import Endpoint
from cmdb.webhooks.outbox import Waiting
from cmdb.webhooks.signature import headers

TIMEOUT = 15.0
"""Seconds that a receiver has."""
FIRST, FACTOR, LONGEST = 5.0, 4.0, 6 * 3600.0
"""Seconds before the second attempt, how much longer each next wait is, and the longest."""
ATTEMPTS = 8
"""About a day: then it is a dead letter."""


def wait_after(attempts: int, draw: float) -> float | None:
    """Seconds to wait after so many attempts; None where there is no other.

    ``draw``, 0 to 1, spreads them over half of the wait, so that what failed together does not
    come back together.

    >>> wait_after(1, 1.0), wait_after(2, 0.0), wait_after(8, 0.5)
    (5.0, 10.0, None)
    """
    if attempts >= ATTEMPTS:
        return None
    whole = min(LONGEST, FIRST * FACTOR ** (attempts - 1))
    return whole * (0.5 + 0.5 * draw)


async def send(http: httpx.AsyncClient, endpoint: Endpoint, waiting: Waiting) -> str | None:
    """Post a message; what went wrong in a sentence, None where it was taken (any 2xx)."""
    signed = headers(endpoint.secret, waiting.id, int(time.time()), waiting.body)
    sent = {**signed, "content-type": "application/json", "user-agent": "cmdb-webhooks"}
    try:
        answer = await http.post(endpoint.url, content=waiting.body, headers=sent)
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return None if answer.is_success else f"It answered {answer.status_code}."


def next_attempt(waiting: Waiting) -> float | None:
    """The time of the next attempt after one more failure; None: it is a dead letter."""
    wait = wait_after(waiting.attempts + 1, random.random())
    return time.time() + wait if wait is not None else None
