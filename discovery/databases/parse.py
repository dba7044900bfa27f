"""From what database servers say to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Iterator
from datetime import datetime

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import ItemObservation, LinkObservation
from discovery.databases import DatabasesSettings
from discovery.databases.names import database_name
from discovery.databases.payload import DatabaseServer, DatabasesPayload, Upstream
from discovery.databases.targets import DEFAULT_PORTS
from discovery.machine.addresses import endpoint, is_reachable
from discovery.observer import Observer, once
from discovery.scanner import Parsed

GUESSED_PORT = 0.6
"""Confidence where the primary says who follows it and not on which port that listens."""


def parse(payload: DatabasesPayload, settings: DatabasesSettings, time: datetime) -> Parsed:
    """The servers, their databases, who follows whom, and who is connected; items before links.

    The scope is the servers that were named. It was seen in full where all could be read.
    """
    text = f"{settings.address_scope}: {' '.join(payload.targets)}"
    if len(text) > 200:
        text = hashlib.sha256(text.encode()).hexdigest()[:32]
    report = _Report(payload, settings, Observer("databases", time, f"databases/{text}"))
    errors = tuple(error for server in payload.servers for error in server.errors)
    return Parsed(
        scope=f"databases/{text}",
        observations=tuple(once([*report.items(), *report.links()])),
        full=not errors and settings.clients,
        errors=errors,
    )


class _Report:
    """All servers on their way to observations."""

    def __init__(
        self, payload: DatabasesPayload, settings: DatabasesSettings, observer: Observer
    ) -> None:
        self._servers, self._settings, self._observer = payload.servers, settings, observer
        self._known = {(host, s.port): s for s in payload.servers for host in (s.address, s.host)}

    def items(self) -> Iterator[ItemObservation]:
        """The servers, each followed by its databases."""
        for server in self._servers:
            yield self._server(server)
            for database in server.databases:
                yield self._observer.item(
                    "Database",
                    self._database_id(server, database.name),
                    self._named(server, database.name),
                    {
                        "name": f"{database.name} on {server.host}",
                        "engine": server.product,
                        "size": coarse(database.size),
                    },
                )

    def links(self) -> Iterator[LinkObservation]:
        """What is on which server, who takes over from whom, and who is connected."""
        for server in self._servers:
            own = self._key(server)
            for database in server.databases:
                key = self._observer.key(self._database_id(server, database.name))
                yield self._observer.link("HOSTED_ON", key, own)
            yield from self._followed(server)
            yield from self._followers(server)
            if self._settings.clients:
                yield from self._clients(server)

    def _named(self, server: DatabaseServer, name: str) -> list[str]:
        """What others know the database by; nothing where its server has no address of its own."""
        if not _is(server.address) or not is_reachable(server.address):
            return []
        return [database_name(self._endpoint(server.address, server.port), name)]

    def _server(self, server: DatabaseServer) -> ItemObservation:
        usual = server.port == DEFAULT_PORTS.get(server.product)
        called = server.product if usual else f"{server.product}:{server.port}"
        return self._observer.item(
            "DatabaseInstance",
            self._id(server),
            [self._endpoint(server.address, server.port)] if _is(server.address) else [],
            {
                "name": f"{called} on {server.host}",
                "product": server.product,
                "engine": server.product,
                "version": server.version,
                "port": server.port,
                "ports": [f"tcp/{server.port}"],
                "role": self._role(server),
            },
        )

    def _role(self, server: DatabaseServer) -> str:
        """Its part: one that follows is a standby where it takes no writes from others' hands."""
        if server.upstream is not None:
            return "standby" if server.product == "postgresql" else "replica"
        followed = any(
            other.upstream and self._primary(other, other.upstream) is server
            for other in self._servers
        )
        return "primary" if server.replicas or followed else "single"

    def _primary(self, server: DatabaseServer, upstream: Upstream) -> DatabaseServer | None:
        """The server that another one follows, where it was asked too."""
        host = upstream.host
        local = not _is(host) or not is_reachable(host)
        found = self._known.get((host, upstream.port))
        if found is None and local and host in ("localhost", "127.0.0.1", "::1"):
            found = self._known.get((server.address, upstream.port))
        return found

    def _followed(self, server: DatabaseServer) -> Iterator[LinkObservation]:
        """From the primary to this server, as this server says it."""
        upstream = server.upstream
        if upstream is None or not upstream.streams:
            return
        primary = self._primary(server, upstream)
        if primary is not None:
            key = self._key(primary)
        elif _is(upstream.host) and is_reachable(upstream.host):
            key = self._endpoint(upstream.host, upstream.port)
        else:
            return
        yield self._observer.link(
            "FAILS_OVER_TO",
            key,
            self._key(server),
            evidence=f"{server.host}:{server.port} replicates from it",
        )

    def _followers(self, server: DatabaseServer) -> Iterator[LinkObservation]:
        """From this server to those that follow it, as far as they do not say so themselves."""
        for replica in server.replicas:
            port = replica.port or DEFAULT_PORTS.get(server.product, server.port)
            known = self._known.get((replica.address, port))
            told = any(
                other.upstream and self._primary(other, other.upstream) is server
                for other in self._servers
                if replica.address in (other.address, other.host)
            )
            if told or not _is(replica.address):
                continue
            if known is None and not is_reachable(replica.address):
                continue
            yield self._observer.link(
                "FAILS_OVER_TO",
                self._key(server),
                self._key(known) if known else self._endpoint(replica.address, port),
                confidence=0.9 if replica.port else GUESSED_PORT,
                evidence=f"{server.host}:{server.port} is replicated to {replica.address}",
            )

    def _clients(self, server: DatabaseServer) -> Iterator[LinkObservation]:
        names = {database.name for database in server.databases}
        for client in server.clients:
            if not _is(client.address) or not is_reachable(client.address):
                continue
            on = client.database in names
            key = self._observer.key(self._database_id(server, client.database))
            yield self._observer.link(
                "CONNECTS_TO",
                ip_identifier(client.address, self._settings.address_scope),
                key if on else self._key(server),
                confidence=0.9,
                evidence=f"connected to {server.host}:{server.port}, says the server",
            )

    def _id(self, server: DatabaseServer) -> str:
        return f"{self._settings.address_scope}/{server.address}:{server.port}"

    def _database_id(self, server: DatabaseServer, name: str) -> str:
        return f"{self._id(server)}/database/{name}"

    def _key(self, server: DatabaseServer) -> str:
        return self._observer.key(self._id(server))

    def _endpoint(self, address: str, port: int) -> str:
        return endpoint(self._settings.address_scope, "tcp", address, port)


def coarse(size: int | None) -> int | None:
    """A size to two figures: a row more must not make a revision of every scan.

    >>> coarse(7_654_321), coarse(42)
    (7700000, 42)
    """
    if not size:
        return size
    step: int = 10 ** max(0, math.floor(math.log10(size)) - 1)
    return round(size / step) * step


def _is(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
