"""Signatures of webhooks, as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com).

The headers ``webhook-id``, ``webhook-timestamp`` (seconds) and ``webhook-signature``: ``v1,`` and
the base64 of an HMAC-SHA256 of ``id.timestamp.body``; several, with spaces between, while a secret
is changed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
PREFIX = "whsec_"
TOLERANCE = 300
"""Seconds that a timestamp may be off, either way."""


def secret_bytes(secret: str) -> bytes:
    """The key that a secret stands for: base64 behind ``whsec_``, else the text itself.

    Raises ValueError where what follows ``whsec_`` is no base64.
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"What follows {PREFIX} in a webhook's secret must be base64.") from None


def sign(secret: str, identifier: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``."""
    said = f"{identifier}.{timestamp}.".encode() + body
    made = hmac.new(secret_bytes(secret), said, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def headers(secret: str | None, identifier: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; without a secret there is no signature."""
    made = {ID: identifier, TIMESTAMP: str(timestamp)}
    if secret is not None:
        made[SIGNATURE] = sign(secret, identifier, timestamp, body)
    return made


def verify(secret: str, given: Mapping[str, str], body: bytes, now: float) -> str | None:
    """What is wrong with a signature, in a sentence; None where it is genuine and of now."""
    identifier, timestamp = given.get(ID, ""), given.get(TIMESTAMP, "")
    if not identifier or not timestamp.isascii() or not timestamp.isdecimal():
        return "The headers webhook-id and webhook-timestamp (seconds since 1970) are needed."
    if len(timestamp) > 12 or abs(int(timestamp) - now) > TOLERANCE:
        return f"The webhook-timestamp is more than {TOLERANCE} seconds away from now."
    genuine = sign(secret, identifier, int(timestamp), body).encode()
    shown = given.get(SIGNATURE, "").encode("utf-8", "replace").split()
    if not any(hmac.compare_digest(one, genuine) for one in shown):
        return "The webhook-signature does not fit the body."
    return None
