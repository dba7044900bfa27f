"""What database servers say of themselves. No row of anybody's data, and no query that runs."""

from __future__ import annotations

import msgspec


class Replica(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """A standby as its primary sees it; the port where it listens is not always told."""

    address: str
    port: int | None = None


class Upstream(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom a standby follows; ``streams`` says whether it does so now."""

    host: str
    port: int
    streams: bool = True


class Database(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """One database; its size in bytes where it may be asked for."""

    name: str
    size: int | None = None


class Client(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """Who is connected, and to which database; it is empty where that is not told."""

    address: str
    database: str = ""


class DatabaseServer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One server. ``address`` is where it was reached, ``host`` how it was named."""

    host: str
    address: str
    port: int
    product: str
    version: str
    databases: tuple[Database, ...] = ()
    upstream: Upstream | None = None
    replicas: tuple[Replica, ...] = ()
    clients: tuple[Client, ...] = ()
    errors: tuple[str, ...] = ()


class DatabasesPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """All servers of a run; ``targets`` are those that could not be read too."""

    targets: tuple[str, ...]
    servers: tuple[DatabaseServer, ...] = ()
