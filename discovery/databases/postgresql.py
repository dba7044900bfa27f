"""PostgreSQL: what it says of itself to an account with ``pg_monitor``, or less to any other."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types

from cmdb.errors import CmdbError, InvalidInput, RemoteUnavailable
from discovery.databases import DatabasesSettings
from discovery.databases.payload import Client, Database, DatabaseServer, Replica, Upstream
from discovery.databases.targets import Target

DATABASES = """
select datname as name,
       case when has_database_privilege(oid, 'connect') then pg_database_size(oid) end as size
from pg_database where not datistemplate order by datname
"""
REPLICAS = """
select distinct host(client_addr) as address from pg_stat_replication
where client_addr is not null and state = 'streaming' order by 1
"""
UPSTREAM = "select sender_host, sender_port, status from pg_stat_wal_receiver"
CLIENTS = """
select distinct host(client_addr) as address, coalesce(datname, '') as database
from pg_stat_activity
where client_addr is not null and backend_type = 'client backend' and pid <> pg_backend_pid()
order by 1, 2
"""
_TLS = {"prefer": "prefer", "verify": "verify-full", "off": "disable"}


async def read_postgresql(target: Target, settings: DatabasesSettings) -> DatabaseServer:
    """What the server says; raises a :class:`~cmdb.errors.CmdbError` where it says nothing."""
    connection = await _connected(target, settings)
    try:
        return await _read(connection, target)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise RemoteUnavailable(f"{target} gave up: {_told(error)}.") from None
    finally:
        connection.terminate()


async def _connected(target: Target, settings: DatabasesSettings) -> Any:
    try:
        return await asyncpg.connect(
            host=target.host,
            port=target.port,
            user=target.user or settings.user or "postgres",
            password=settings.password.value or None,
            database=target.database or "postgres",
            timeout=int(settings.timeout),
            command_timeout=settings.timeout,
            ssl=_TLS[settings.tls],
            passfile="/dev/null/none",  # none but what the settings say
            server_settings={"application_name": "cmdb", "default_transaction_read_only": "on"},
        )
    except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError):
        raise _refused(target) from None
    except (TimeoutError, asyncio.IncompleteReadError):
        raise RemoteUnavailable(
            f"{target} did not answer within {settings.timeout:g} seconds."
        ) from None
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise RemoteUnavailable(f"{target} can't be asked: {_told(error)}.") from None


def _refused(target: Target) -> CmdbError:
    return InvalidInput(f"{target} refuses the user or the password.")


async def _read(connection: Any, target: Target) -> DatabaseServer:
    errors: list[str] = []

    async def rows(what: str, statement: str) -> list[Any]:
        try:
            return list(await connection.fetch(statement))
        except (asyncpg.PostgresError, TimeoutError) as error:
            errors.append(f"{target}: {what} can't be read: {_told(error)}.")
            return []

    upstream = await rows("whom it follows", UPSTREAM)
    monitors = await rows("its rights", "select pg_has_role('pg_monitor', 'usage') as may")
    if monitors and not monitors[0]["may"]:
        errors.append(
            f"{target}: who is connected and what follows it is hidden from this account: "
            "grant pg_monitor to it."
        )
    version = connection.get_server_version()
    return DatabaseServer(
        host=target.host,
        address=_peer(connection) or target.host,
        port=target.port,
        product="postgresql",
        version=f"{version.major}.{version.minor}"
        if version.major >= 10
        else f"{version.major}.{version.minor}.{version.micro}",
        databases=tuple(
            Database(row["name"], row["size"]) for row in await rows("databases", DATABASES)
        ),
        upstream=next(
            (
                Upstream(row["sender_host"], row["sender_port"], row["status"] == "streaming")
                for row in upstream
                if row["sender_host"]
            ),
            None,
        ),
        replicas=tuple(Replica(row["address"]) for row in await rows("what follows it", REPLICAS)),
        clients=tuple(
            Client(row["address"], row["database"])
            for row in await rows("who is connected", CLIENTS)
        ),
        errors=tuple(errors),
    )


def _peer(connection: Any) -> str:
    """The address that the server was reached at."""
    # The library has no word for it; its transport does.
    transport = getattr(connection, "_transport", None)
    peer = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _told(error: Exception) -> str:
    text = (str(error) or type(error).__name__).splitlines()[0]
    return "".join(c for c in text if c.isprintable())[:200].rstrip(".")
