"""MySQL and MariaDB: what they say of themselves to an account with PROCESS and REPLICATION CLIENT.

pymysql has no asyncio, so each server is asked in a thread.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from typing import Any

import pymysql  # type: ignore[import-untyped]  # it has no types
import pymysql.connections  # type: ignore[import-untyped]  # it has no types
import pymysql.cursors  # type: ignore[import-untyped]  # it has no types

from cmdb.errors import InvalidInput, RemoteUnavailable
from discovery.databases import DatabasesSettings
from discovery.databases.bounds import MOST_BYTES
from discovery.databases.payload import Client, Database, DatabaseServer, Replica, Upstream
from discovery.databases.targets import Target

SERVER = "select version() as version, @@version_comment as comment, connection_id() as own"
DATABASES = """
select s.schema_name as name, sum(t.data_length + t.index_length) as size
from information_schema.schemata s
left join information_schema.tables t on t.table_schema = s.schema_name
where s.schema_name not in ('mysql', 'sys', 'information_schema', 'performance_schema')
group by s.schema_name order by s.schema_name
"""
CLIENTS = """
select distinct host, coalesce(db, '') as db, command from information_schema.processlist
where id <> connection_id() and user <> 'system user'
"""
UPSTREAM = ("show replica status", "show slave status")
REPLICAS = ("show replicas", "show slave hosts")
DENIED = frozenset({1044, 1045, 1142, 1227, 1370})
"""The numbers of errors that say that the account may not."""


def read_mysql(target: Target, settings: DatabasesSettings) -> DatabaseServer:
    """What the server says; raises a :class:`~cmdb.errors.CmdbError` where it says nothing."""
    connection = _made(target, settings)
    # The thread that this runs in can't be ended from outside: what it waits for can.
    watch = threading.Timer(settings.server_timeout, _hang_up, [connection])
    watch.start()
    try:
        return _read(connection, target)
    finally:
        watch.cancel()


def _read(connection: Any, target: Target) -> DatabaseServer:
    try:
        connection.connect()
    except pymysql.err.OperationalError as error:
        if error.args and error.args[0] in DENIED:
            raise InvalidInput(f"{target} refuses the user or the password.") from None
        raise RemoteUnavailable(f"{target} can't be asked: {_told(error)}.") from None
    except (OSError, ValueError, RuntimeError, pymysql.err.MySQLError) as error:
        raise RemoteUnavailable(f"{target} can't be asked: {_told(error)}.") from None
    try:
        return _Reader(connection, target).read()
    except (OSError, pymysql.err.MySQLError) as error:
        raise RemoteUnavailable(f"{target} gave up: {_told(error)}.") from None
    finally:
        _close(connection)


class _Bounded(pymysql.connections.Connection):  # type: ignore[misc]  # it has no types
    """A connection that takes no more than a server has to say."""

    _left = MOST_BYTES

    def _read_bytes(self, num_bytes: int) -> bytes:
        self._left -= num_bytes
        if self._left < 0:
            self._force_close()  # pyright: ignore[reportAttributeAccessIssue]  # it has no types
            raise pymysql.err.OperationalError(
                0, f"it answers with more than {MOST_BYTES // 2**20} MiB"
            )
        return super()._read_bytes(num_bytes)  # type: ignore[no-any-return]  # as above


def _hang_up(connection: Any) -> None:
    with contextlib.suppress(OSError, AttributeError):  # it may have none, or none any more
        connection._sock.shutdown(socket.SHUT_RDWR)


def _made(target: Target, settings: DatabasesSettings) -> Any:
    """A connection that is not open yet."""
    context = ssl.create_default_context() if settings.tls == "verify" else None
    return _Bounded(
        defer_connect=True,
        host=target.host,
        port=target.port,
        user=target.user or settings.user or "root",
        password=settings.password.value,
        database=target.database or None,
        connect_timeout=int(settings.timeout),
        read_timeout=settings.timeout,
        write_timeout=settings.timeout,
        cursorclass=pymysql.cursors.DictCursor,
        program_name="cmdb",
        charset="utf8mb4",
        ssl=context,
        ssl_disabled=settings.tls == "off" or None,
    )


def _close(connection: Any) -> None:
    try:
        connection.close()
    except (OSError, pymysql.err.MySQLError):
        return


class _Reader:
    """One server on its way to a value."""

    def __init__(self, connection: Any, target: Target) -> None:
        self._connection, self._target = connection, target
        self._errors: list[str] = []

    def read(self) -> DatabaseServer:
        """What the server says."""
        server = self._rows("itself", SERVER)[0]
        text = f"{server['version']} {server['comment']}".lower()
        clients = self._rows("who is connected", CLIENTS)
        upstream = self._rows("whom it follows", *UPSTREAM)
        peer = self._connection._sock.getpeername()[0]
        return DatabaseServer(
            host=self._target.host,
            address=str(peer),
            port=self._target.port,
            product="mariadb" if "mariadb" in text else "mysql",
            version=str(server["version"]).partition("-")[0],
            databases=tuple(
                Database(str(row["name"]), int(row["size"]) if row["size"] is not None else None)
                for row in self._rows("databases", DATABASES)
            ),
            upstream=next((u for row in upstream if (u := _upstream(row))), None),
            replicas=tuple(sorted({r for row in self._replicas() if (r := _replica(row))})),
            clients=tuple(
                sorted(
                    {
                        Client(_address(row["host"]), str(row["db"]))
                        for row in (_lower(c) for c in clients)
                        if not str(row["command"]).startswith("Binlog Dump")
                    }
                )
            ),
            errors=tuple(self._errors),
        )

    def _replicas(self) -> list[Mapping[str, Any]]:
        return self._rows("what follows it", *REPLICAS)

    def _rows(self, what: str, *statements: str) -> list[Mapping[str, Any]]:
        """The rows of the first of the statements that this version knows."""
        said: Exception | None = None
        for statement in statements:
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute(statement)
                    return list(cursor.fetchall())
            except pymysql.err.ProgrammingError as error:
                said = error
            except (pymysql.err.OperationalError, pymysql.err.InternalError) as error:
                if not error.args or error.args[0] not in DENIED:
                    raise
                said = error
        self._errors.append(f"{self._target}: {what} can't be read: {_told(said)}.")
        return []


def _lower(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in row.items()}


def _upstream(row: Mapping[str, Any]) -> Upstream | None:
    told = _lower(row)
    host = told.get("source_host") or told.get("master_host")
    port = told.get("source_port") or told.get("master_port")
    runs = told.get("replica_io_running") or told.get("slave_io_running")
    return Upstream(str(host), int(port), runs == "Yes") if host and port else None


def _replica(row: Mapping[str, Any]) -> Replica | None:
    """A replica that says where it is: it does where ``report_host`` is set."""
    told = _lower(row)
    host, port = told.get("host"), told.get("port")
    return Replica(str(host), int(port) if port else None) if host else None


def _address(host: object) -> str:
    return str(host).rpartition(":")[0] or str(host)


def _told(error: Exception | None) -> str:
    text = str(error.args[-1] if error and error.args else error) or type(error).__name__
    return "".join(c for c in text.splitlines()[0] if c.isprintable())[:200].rstrip(".")
