"""Redis and Valkey: INFO and CLIENT LIST, for an account with ``+info +client|list +client|id``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import redis.asyncio
from redis._parsers import _AsyncRESP2Parser
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from cmdb.errors import InvalidInput, RemoteUnavailable
from discovery.databases import DatabasesSettings
from discovery.databases.bounds import MOST_BYTES
from discovery.databases.payload import Client, Database, DatabaseServer, Replica, Upstream
from discovery.databases.targets import Target

_REPLICA = re.compile(r"slave\d+")
_KEYSPACE = re.compile(r"db\d+")


class _Bounded(_AsyncRESP2Parser):
    """Takes no text that is longer than a server has to say."""

    async def _read(self, length: int) -> bytes:
        if length > MOST_BYTES:
            raise InvalidResponse(f"it answers with more than {MOST_BYTES // 2**20} MiB")
        return await super()._read(length)


async def read_redis(target: Target, settings: DatabasesSettings) -> DatabaseServer:
    """What the server says; raises a :class:`~cmdb.errors.CmdbError` where it says nothing."""
    client = redis.asyncio.Redis(
        host=target.host,
        port=target.port,
        username=target.user or settings.user or None,
        password=settings.password.value or None,
        ssl=target.tls,
        socket_timeout=settings.timeout,
        socket_connect_timeout=settings.timeout,
        decode_responses=True,
        encoding_errors="replace",
        single_connection_client=True,
        # The library would try again four times, each with a time-out of its own.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    client.connection_pool.connection_kwargs["parser_class"] = _Bounded
    try:
        return await _read(client, target)
    except (AuthenticationError, NoPermissionError):
        raise InvalidInput(f"{target} refuses the user or the password.") from None
    except ResponseError as error:
        if "auth" in str(error).lower():
            raise InvalidInput(f"{target} refuses the user or the password.") from None
        raise RemoteUnavailable(f"{target} can't be asked: {_told(error)}.") from None
    except (RedisError, OSError, ValueError) as error:
        raise RemoteUnavailable(f"{target} can't be asked: {_told(error)}.") from None
    finally:
        await client.aclose()


async def _read(client: Any, target: Target) -> DatabaseServer:
    errors: list[str] = []
    info = await client.info("everything")
    if not isinstance(info, dict) or not isinstance(info.get("redis_version"), str):
        raise RemoteUnavailable(f"{target} does not answer as Redis does.")
    clients: list[Mapping[str, str]] = []
    try:
        own = str(await client.client_id())
        clients = [c for c in await client.client_list() if c.get("id") != own]
    except (NoPermissionError, ResponseError) as error:
        errors.append(f"{target}: who is connected can't be read: {_told(error)}.")
    valkey = info.get("server_name") == "valkey" or "valkey_version" in info
    return DatabaseServer(
        host=target.host,
        address=await _peer(client) or target.host,
        port=target.port,
        product="valkey" if valkey else "redis",
        version=str(info.get("valkey_version") or info["redis_version"]),
        databases=tuple(Database(name) for name in sorted(info) if _KEYSPACE.fullmatch(name)),
        upstream=_upstream(info),
        replicas=tuple(sorted(r for n, v in info.items() if (r := _replica(n, v)))),
        clients=tuple(sorted({c for row in clients if (c := _client(row))})),
        errors=tuple(errors),
    )


def _upstream(info: Mapping[str, Any]) -> Upstream | None:
    host, port = info.get("master_host"), info.get("master_port")
    if info.get("role") != "slave" or not host or not isinstance(port, int):
        return None
    return Upstream(str(host), port, info.get("master_link_status") == "up")


def _replica(name: str, told: Any) -> Replica | None:
    if not _REPLICA.fullmatch(name) or not isinstance(told, dict):
        return None
    address, port = told.get("ip"), told.get("port")
    if told.get("state") != "online" or not address:
        return None
    return Replica(str(address), port if isinstance(port, int) else None)


def _client(row: Mapping[str, str]) -> Client | None:
    """A client; those that follow the server (S) or that it follows (M) are none."""
    if set(row.get("flags", "")) & {"S", "M"}:
        return None
    address = row.get("addr", "").rpartition(":")[0].strip("[]")
    number = row.get("db", "")
    return Client(address, f"db{number}" if number.isdigit() else "") if address else None


async def _peer(client: Any) -> str:
    writer = getattr(getattr(client, "connection", None), "_writer", None)
    peer = writer.get_extra_info("peername") if writer is not None else None
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _told(error: Exception) -> str:
    text = (str(error) or type(error).__name__).splitlines()[0]
    return "".join(c for c in text if c.isprintable())[:200].rstrip(".")
