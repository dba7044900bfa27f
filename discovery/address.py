"""Addresses of servers that scanners read from."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from cmdb.errors import InvalidSettings, Problem

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def checked_address(address: str, example: str, field: str = "url") -> str:
    """The address of a server to be read from with credentials.

    Raises :class:`~cmdb.errors.InvalidSettings` where it is none, has credentials in it, or would
    send them in the clear.
    """
    try:
        parts = urlsplit(address.strip())
        origin(parts)
    except ValueError:
        parts = urlsplit("")
    wrong = None
    if not address.strip():
        wrong = f"must be set, such as {example}"
    elif parts.username is not None or parts.password is not None:
        wrong = "must not have a user or password in it; there are settings for them"
    elif parts.scheme not in ("https", "http") or not parts.hostname:
        wrong = f"must be an address such as {example}"
    elif parts.query or parts.fragment:
        wrong = f"must end with the path, such as {example}"
    elif parts.scheme == "http" and parts.hostname not in LOOPBACK:
        wrong = f"would send the credentials in the clear: write https://{parts.netloc}"
    if wrong:
        raise InvalidSettings("The settings can't be used.", [Problem(wrong, field=field)])
    return address.strip().rstrip("/")


def bare(text: str) -> str:
    """An address without what may be secret in it: user, password, the values of its query, and
    the fragment. Other texts come back as they are.

    >>> bare("https://me:secret@api.example.org/hosts?key=secret&page=2")
    'https://api.example.org/hosts?key=…&page=…'
    """
    scheme, is_address, rest = text.partition("://")
    if not is_address:
        return text
    before, asks, query = rest.partition("#")[0].partition("?")
    host, slash, path = before.partition("/")
    names = "&".join(f"{one.partition('=')[0]}=…" for one in query.split("&"))
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}{asks and '?'}{names if asks else ''}"


def origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: who an address leads to."""
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, port
