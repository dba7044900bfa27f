"""Real database servers on the loopback interface, each with a replica, in throw-away folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.discovery.daemons import free_port, program, running

PASSWORD = "correct-horse-battery"
USER = "cmdb"


@dataclass(frozen=True)
class Pair:
    """Ports of a primary and of its replica."""

    primary: int
    replica: int


@contextmanager
def folder(owner: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A folder that the account can reach, and how to start programs as it."""
    path = Path(tempfile.mkdtemp(prefix="cmdb-test-", dir="/tmp"))
    options: dict[str, Any] = {"cwd": "/"}
    if os.geteuid() == 0:  # servers refuse to run as root
        shutil.chown(path, owner, owner)
        options |= {"user": owner, "group": owner, "extra_groups": []}
    try:
        yield path, options
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(*words: str, **options: Any) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{words[0]}: {done.stdout[-500:]} {done.stderr[-1500:]}"


@contextmanager
def postgresql() -> Iterator[Pair]:
    """A primary with the databases shop and mail, and the accounts cmdb and nobody."""
    init, server = program("initdb", "postgresql"), program("postgres", "postgresql")
    copy, psql = program("pg_basebackup", "postgresql"), program("psql", "postgresql")
    with folder("postgres") as (place, options):
        ports = Pair(free_port(), free_port())
        run(init, "-D", f"{place}/a", "-A", "trust", "--no-sync", "-U", "postgres", **options)
        hba = "local all all trust\nhost all postgres 127.0.0.1/32 trust\n"
        hba += "host replication all 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (place / "a/pg_hba.conf").write_text(hba)
        common = ["-k", str(place), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        first = [server, "-D", f"{place}/a", "-p", str(ports.primary), *common]
        with running(first, ports.primary, place / "a.log", **options):
            at = ["-h", "127.0.0.1", "-p", str(ports.primary), "-U", "postgres"]
            for statement in (
                "create database shop",
                "create database mail",
                f"create role {USER} login password '{PASSWORD}' in role pg_monitor",
                f"create role nobody login password '{PASSWORD}'",
            ):
                run(psql, "-X", *at, "-d", "postgres", "-c", statement, **options)
            run(copy, *at, "-D", f"{place}/b", "-R", "-c", "fast", "--no-sync", **options)
            second = [server, "-D", f"{place}/b", "-p", str(ports.replica), *common]
            with running(second, ports.replica, place / "b.log", **options):
                yield ports


@contextmanager
def mariadb() -> Iterator[Pair]:
    """A primary with the database shop, and the accounts cmdb and nobody."""
    init = program("mariadb-install-db", "mariadb-server")
    server = program("mariadbd", "mariadb-server")
    with folder("mysql") as (place, options):
        ports = Pair(free_port(), free_port())
        accounts = [
            f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}';",
            f"GRANT PROCESS, REPLICA MONITOR, REPLICATION MASTER ADMIN ON *.* TO {USER}@'%';",
            f"CREATE OR REPLACE USER repl@'%' IDENTIFIED BY '{PASSWORD}';",
            "GRANT REPLICATION SLAVE ON *.* TO repl@'%';",
            f"CREATE OR REPLACE USER nobody@'%' IDENTIFIED BY '{PASSWORD}';",
            "CREATE DATABASE IF NOT EXISTS shop;",
            f"GRANT SELECT ON shop.* TO {USER}@'%';",
        ]
        follow = (
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={ports.primary}, "
            f"MASTER_USER='repl', MASTER_PASSWORD='{PASSWORD}', MASTER_USE_GTID=slave_pos;"
        )
        (place / "a.sql").write_text("\n".join(accounts) + "\n")
        (place / "b.sql").write_text("\n".join([*accounts[:2], follow, "START SLAVE;"]) + "\n")
        for name in ("a", "b"):
            words = [init, "--no-defaults", f"--datadir={place}/{name}", "--skip-test-db"]
            run(*words, "--auth-root-authentication-method=normal", **options)
        with (
            running(_mariadbd(server, place, "a", ports.primary), ports.primary, None, **options),
            running(_mariadbd(server, place, "b", ports.replica), ports.replica, None, **options),
        ):
            yield ports


def _mariadbd(server: str, place: Path, name: str, port: int) -> list[str]:
    return [
        server, "--no-defaults", f"--datadir={place}/{name}", f"--port={port}",
        "--bind-address=127.0.0.1", f"--socket={place}/{name}.sock",
        f"--init-file={place}/{name}.sql",
        f"--server-id={port}", "--log-bin=bin", "--report-host=127.0.0.1", f"--report-port={port}",
        "--skip-name-resolve", "--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M",
        "--key-buffer-size=1M", "--aria-pagecache-buffer-size=1M", "--performance-schema=OFF",
        f"--pid-file={place}/{name}.pid", f"--log-error={place}/{name}.err",
    ]  # fmt: skip


@contextmanager
def redis() -> Iterator[Pair]:
    """A primary with a key in its database 3, and a password."""
    server = program("redis-server")
    with folder("redis") as (place, options):
        ports = Pair(free_port(), free_port())
        (place / "users").write_text(
            f"user default on >{PASSWORD} ~* &* +@all\n"
            f"user {USER} on >{PASSWORD} +info +client|list +client|id\n"
            f"user nobody on >{PASSWORD} +info\n"
        )
        common = [server, "--bind", "127.0.0.1", "--save", "", "--dir", str(place)]
        common += ["--aclfile", f"{place}/users"]
        first = [*common, "--port", str(ports.primary)]
        second = [*common, "--port", str(ports.replica), "--masterauth", PASSWORD]
        second += ["--replicaof", "127.0.0.1", str(ports.primary)]
        with (
            running(first, ports.primary, place / "a.log", **options),
            running(second, ports.replica, place / "b.log", **options),
        ):
            yield ports
