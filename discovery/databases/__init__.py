"""The scanner of database servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from discovery.databases.payload import DatabasesPayload
from discovery.machine.view import AddressScope
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.setting_values import Secret


class DatabasesSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of database servers."""

    address_scope: AddressScope = "default"
    user: Annotated[
        str, Meta(description="The account to sign in with, where a target names none.")
    ] = ""
    password: Annotated[Secret, Meta(description="The account's password.")] = Secret()
    tls: Annotated[
        Literal["prefer", "verify", "off"],
        Meta(
            description=(
                "Whether PostgreSQL and MySQL are asked over TLS: where they offer it, only with a "
                "certificate that is trusted, or not at all."
            )
        ),
    ] = "prefer"
    clients: Annotated[bool, Meta(description="Whether to report who is connected.")] = True
    at_once: Annotated[
        int, Meta(description="Servers that are asked at the same time.", ge=1, le=64)
    ] = 8
    timeout: Annotated[float, Meta(description="Seconds to wait for an answer.", ge=1, le=600)] = 10
    server_timeout: Annotated[
        float, Meta(description="Seconds that one server may take.", ge=1, le=3600)
    ] = 60


async def _fetch(
    settings: DatabasesSettings,
    targets: Sequence[str],
    since: datetime | None,  # noqa: ARG001  # a server does not say what changed
) -> AsyncIterator[DatabasesPayload | Failure]:
    from discovery.databases.fetch import fetch  # listing the scanners needs no driver

    async for found in fetch(settings, targets):
        yield found


def _parse(payload: DatabasesPayload, settings: DatabasesSettings, time: datetime) -> Parsed:
    from discovery.databases.parse import parse  # as above

    return parse(payload, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="databases",
        title="Database servers",
        description=(
            "What PostgreSQL, MySQL, MariaDB, Redis and Valkey servers say of themselves: version, "
            "databases, who replicates from whom, and who is connected."
        ),
        kinds=("DatabaseInstance", "Database"),
        relations=("HOSTED_ON", "FAILS_OVER_TO", "CONNECTS_TO"),
        needs=(
            "`pip install 'cmdb-graph[databases]'`.",
            "PostgreSQL: an account with pg_monitor.",
            "MySQL: an account with PROCESS and REPLICATION CLIENT.",
            "MariaDB: an account with PROCESS, REPLICA MONITOR and REPLICATION MASTER ADMIN.",
            "Redis: a user with +info, +client|list and +client|id.",
        ),
        settings=DatabasesSettings,
        example=(
            "cmdb scan databases postgresql://cmdb@db1.example.org --set password=env:DB_PASSWORD"
        ),
        targets="postgresql://, mysql://, mariadb://, redis:// or rediss://[user@]host[:port].",
    ),
    payload=DatabasesPayload,
    fetch=_fetch,
    parse=_parse,
)
