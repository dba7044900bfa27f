"""Asking database servers, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from cmdb.errors import CmdbError, RemoteUnavailable
from discovery.databases import DatabasesSettings
from discovery.databases.payload import DatabaseServer, DatabasesPayload
from discovery.databases.targets import Target, read_targets
from discovery.extra import required
from discovery.scanner import Failure

LIBRARIES = {"postgresql": "asyncpg", "mysql": "pymysql", "redis": "redis"}


async def fetch(
    settings: DatabasesSettings, targets: Sequence[str]
) -> AsyncIterator[DatabasesPayload | Failure]:
    """One payload of all servers that answered, and a failure for each that did not.

    Raises :class:`~cmdb.errors.InvalidInput` where no server is named, and the only error where
    there is but one.
    """
    named = read_targets(targets, has_password=bool(settings.password))
    for engine in sorted({target.engine for target in named}):
        required(LIBRARIES[engine], "databases")
    free = asyncio.Semaphore(settings.at_once)
    found = await asyncio.gather(*(_server(t, settings, free) for t in named))
    errors = [one for one in found if isinstance(one, CmdbError)]
    if len(named) == 1 and errors:
        raise errors[0]
    for error in errors:
        yield Failure(error.message, hides_links=True)
    servers = tuple(one for one in found if isinstance(one, DatabaseServer))
    if servers:
        yield DatabasesPayload(tuple(sorted(str(t) for t in named)), servers)


async def _server(
    target: Target, settings: DatabasesSettings, free: asyncio.Semaphore
) -> DatabaseServer | CmdbError:
    async with free:
        try:
            async with asyncio.timeout(settings.server_timeout):
                return await _read(target, settings)
        except TimeoutError:
            return RemoteUnavailable(
                f"{target} was given up after {settings.server_timeout:g} seconds."
            )
        except CmdbError as error:
            return error


async def _read(target: Target, settings: DatabasesSettings) -> DatabaseServer:
    if target.engine == "postgresql":
        from discovery.databases.postgresql import read_postgresql

        return await read_postgresql(target, settings)
    if target.engine == "redis":
        from discovery.databases.redis_server import read_redis

        return await read_redis(target, settings)
    from discovery.databases.mysql import read_mysql

    return await asyncio.to_thread(read_mysql, target, settings)
