"""Speaking to the test server past the store: to empty it, and to look at the graph itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

from neo4j import Driver, GraphDatabase, NotificationMinimumSeverity

_EMPTY = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"


@contextmanager
def driver(address: str) -> Iterator[Driver]:
    """The driver, by an address with user and password in it."""
    parts = urlsplit(address)
    auth = (unquote(parts.username or ""), unquote(parts.password or ""))
    bare = f"{parts.scheme}://{parts.hostname}:{parts.port}"
    with GraphDatabase.driver(
        bare, auth=auth, notifications_min_severity=NotificationMinimumSeverity.OFF
    ) as opened:
        yield opened


def wipe(address: str) -> None:
    """Delete every node. Constraints and indexes stay: making them anew takes seconds."""
    cypher(address, _EMPTY)


def cypher(address: str, statement: LiteralString, **parameters: Any) -> list[list[Any]]:
    """The rows of a statement."""
    with driver(address) as opened, opened.session() as session:
        return session.run(statement, parameters).values()
