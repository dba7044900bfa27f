"""From the setting ``CMDB_STORE`` to a store. Neo4j's driver is only imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from cmdb.errors import InvalidSettings

if TYPE_CHECKING:
    from cmdb.catalogue import Catalogue
    from cmdb.store.port import Store

NEO4J_SCHEMES = frozenset(
    f"{scheme}{security}" for scheme in ("neo4j", "bolt") for security in ("", "+s", "+ssc")
)
_FORMS = "sqlite:///PATH, neo4j://HOST:PORT, neo4j+s://HOST:PORT or bolt://HOST:PORT"


async def open_store(
    uri: str, catalogue: Catalogue, *, user: str | None = None, password: str | None = None
) -> Store:
    """The store that ``uri`` names, created or migrated; the caller closes it.

    ``sqlite:///PATH`` is relative to the working directory, ``sqlite:////PATH`` absolute,
    ``sqlite://:memory:`` is kept in memory. User and password in the URI win over the parameters.
    No error ever repeats a password.

    Raises InvalidSettings where the URI can't be read, StoreUnavailable, StoreTooNew or
    StoreDamaged where the store can't be used.
    """
    scheme, colon, rest = uri.partition("://")
    if not colon:
        raise InvalidSettings(f"A store is named by {_FORMS}; this has no scheme.")
    scheme = scheme.lower()
    if scheme == "sqlite":
        from cmdb.store.sqlite import SqliteStore

        return await SqliteStore.open(_sqlite_path(rest))
    if scheme not in NEO4J_SCHEMES:
        raise InvalidSettings(f"There is no store of scheme {scheme[:40]!r}; use {_FORMS}.")
    parts = _neo4j_parts(uri)
    from cmdb.store.neo4j import Neo4jStore

    return await Neo4jStore.open(
        f"{scheme}://{parts.netloc.rpartition('@')[2]}",
        catalogue,
        user=unquote(parts.username) if parts.username else user or "neo4j",
        password=unquote(parts.password) if parts.password is not None else password or "",
    )


def safe_uri(uri: str) -> str:
    """A store's URI for a person to read: without user and password."""
    scheme, colon, rest = uri.partition("://")
    if not colon or scheme.lower() == "sqlite":
        return uri
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _sqlite_path(rest: str) -> str:
    if rest in (":memory:", "/:memory:"):
        return ":memory:"
    if not rest.startswith("/") or rest == "/":
        raise InvalidSettings(
            "A store in a file is named by sqlite:/// and its path, "
            "such as sqlite:///cmdb.db or sqlite:////var/lib/cmdb/cmdb.db."
        )
    return rest[1:]


def _neo4j_parts(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    if not (port_is_valid and parts.hostname and parts.path in ("", "/") and not parts.query):
        raise InvalidSettings(
            "The address of a Neo4j store is neo4j://HOST:PORT or bolt://HOST:PORT, with "
            "USER:PASSWORD@ before the host where they are not set apart; special characters in "
            "them are written as in a URL (%40 for @)."
        )
    return parts
