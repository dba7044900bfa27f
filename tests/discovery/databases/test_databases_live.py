"""The scanner over real servers with real replicas, and over rude ones."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from cmdb.errors import CmdbError, InvalidInput
from cmdb.items import ItemObservation, LinkObservation
from discovery.databases import SCANNER, DatabasesSettings
from discovery.databases.payload import DatabaseServer, DatabasesPayload
from discovery.run import ScanResult, run_scan
from discovery.scanner import decode_payload, encode_payload
from discovery.setting_values import Secret
from tests.discovery.daemons import free_port
from tests.discovery.databases.servers import PASSWORD, USER, Pair, mariadb, postgresql, redis

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the servers are Debian's")
SETTINGS = DatabasesSettings(user=USER, password=Secret("env:DB", PASSWORD), timeout=20)


@pytest.fixture(scope="module")
def postgres_pair() -> Iterator[Pair]:
    with postgresql() as pair:
        yield pair


@pytest.fixture(scope="module")
def mariadb_pair() -> Iterator[Pair]:
    with mariadb() as pair:
        yield pair


@pytest.fixture(scope="module")
def redis_pair() -> Iterator[Pair]:
    with redis() as pair:
        yield pair


async def replicating(targets: list[str], settings: DatabasesSettings) -> DatabasesPayload:
    """What the servers say as soon as the second one is seen to follow the first."""
    for _ in range(400):
        async for found in SCANNER.fetch(settings, targets, None):
            assert isinstance(found, DatabasesPayload), found
            upstream = found.servers[1].upstream
            if upstream is not None and upstream.streams and found.servers[0].replicas:
                return found
        await asyncio.sleep(0.02)
    raise AssertionError("it never followed")


def told(payload: DatabasesPayload) -> ScanResult:
    async def fetch(*_: object) -> AsyncIterator[DatabasesPayload]:
        yield decode_payload(SCANNER, encode_payload(payload))

    import dataclasses

    scanner: Any = dataclasses.replace(SCANNER, fetch=fetch)
    return asyncio.run(run_scan(scanner, SETTINGS, ["x"]))


def names(result: ScanResult) -> dict[str, ItemObservation]:
    return {
        str(o.properties["name"]): o for o in result.observations if isinstance(o, ItemObservation)
    }


def failovers(result: ScanResult) -> set[tuple[str, str]]:
    name = {i.identifiers[0]: n for n, i in names(result).items()}
    return {
        (name[o.from_key], name[o.to_key])
        for o in result.observations
        if isinstance(o, LinkObservation) and o.relation == "FAILS_OVER_TO"
    }


def ports(pair: Pair) -> tuple[int, int]:
    return pair.primary, pair.replica


def addresses(engine: str, pair: Pair) -> list[str]:
    return [f"{engine}://127.0.0.1:{port}" for port in ports(pair)]


def test_postgresql_with_its_databases_and_its_standby(postgres_pair: Pair) -> None:
    targets = [
        f"postgresql://127.0.0.1:{p}" for p in (postgres_pair.primary, postgres_pair.replica)
    ]
    result = told(asyncio.run(replicating(targets, SETTINGS)))
    assert result.errors == ()
    assert result.full_scope
    one, two = (
        f"postgresql:{p} on 127.0.0.1" for p in (postgres_pair.primary, postgres_pair.replica)
    )
    found = names(result)
    assert found[one].properties["role"] == "primary"
    assert found[two].properties["role"] == "standby"
    assert str(found[one].properties["version"]).partition(".")[0].isdigit()
    assert failovers(result) == {(one, two)}
    assert {"shop on 127.0.0.1", "mail on 127.0.0.1"} <= set(found)
    size = found["shop on 127.0.0.1"].properties["size"]
    assert isinstance(size, int)
    assert size > 2**20


def test_mariadb_with_its_database_and_its_replica(mariadb_pair: Pair) -> None:
    targets = addresses("mariadb", mariadb_pair)
    result = told(asyncio.run(replicating(targets, SETTINGS)))
    assert result.errors == ()
    one, two = (f"mariadb:{p} on 127.0.0.1" for p in ports(mariadb_pair))
    found = names(result)
    assert found[one].properties["role"] == "primary"
    assert found[two].properties["role"] == "replica"
    assert failovers(result) == {(one, two)}
    assert "shop on 127.0.0.1" in found


def test_redis_with_its_replica(redis_pair: Pair) -> None:
    targets = addresses("redis", redis_pair)
    result = told(asyncio.run(replicating(targets, SETTINGS)))
    assert result.errors == ()
    one, two = (f"redis:{p} on 127.0.0.1" for p in ports(redis_pair))
    found = names(result)
    assert found[one].properties["role"] == "primary"
    assert found[two].properties["role"] == "replica"
    assert failovers(result) == {(one, two)}


def test_one_dead_server_is_named_and_the_rest_is_in(redis_pair: Pair) -> None:
    dead = free_port()
    result = asyncio.run(
        run_scan(SCANNER, SETTINGS, [f"redis://127.0.0.1:{p}" for p in (redis_pair.primary, dead)])
    )
    assert result.counts["DatabaseInstance"] == 1
    assert result.errors[0].startswith(f"redis://127.0.0.1:{dead} can't be asked: ")
    assert not result.full_scope


def ask(target: str, **settings: object) -> ScanResult:
    given = {"user": USER, "password": Secret("env:DB", PASSWORD), "timeout": 20, **settings}
    return asyncio.run(run_scan(SCANNER, DatabasesSettings(**given), [target]))  # type: ignore[arg-type]  # as the test has them


@pytest.mark.parametrize("engine", ["postgresql", "mysql", "redis"])
def test_a_wrong_password_is_said_to_be_and_never_told(
    engine: str, request: pytest.FixtureRequest
) -> None:
    fixture = {"postgresql": "postgres_pair", "mysql": "mariadb_pair", "redis": "redis_pair"}
    port = request.getfixturevalue(fixture[engine]).primary
    wrong = Secret("env:DB", "hunter2-wrong")
    with pytest.raises(InvalidInput) as refused:
        ask(f"{engine}://127.0.0.1:{port}", password=wrong)
    assert refused.value.message == (
        f"{engine}://127.0.0.1:{port} refuses the user or the password."
    )


def test_an_account_with_fewer_rights_sees_less_and_says_so(
    postgres_pair: Pair, redis_pair: Pair, mariadb_pair: Pair
) -> None:
    found = ask(f"postgresql://nobody@127.0.0.1:{postgres_pair.primary}")
    assert [e.endswith("grant pg_monitor to it.") for e in found.errors] == [True]
    assert "shop on 127.0.0.1" in names(found)
    found = ask(f"redis://nobody@127.0.0.1:{redis_pair.primary}")
    assert ["who is connected can't be read" in e for e in found.errors] == [True]
    found = ask(f"mysql://nobody@127.0.0.1:{mariadb_pair.primary}")
    assert [e for e in found.errors if "whom it follows can't be read" in e]
    assert found.partial


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("postgresql://a:hunter2@db1/x", "must not have a password in it"),
        ("oracle://db1", "is no server that can be asked"),
        ("db1", "is no server that can be asked"),
        ("redis://db1.example.org", "would send the password in the clear: write rediss://"),
    ],
)
def test_a_target_that_is_none_is_refused(target: str, said: str) -> None:
    with pytest.raises(CmdbError, match=said) as error:
        ask(target)
    assert "hunter2" not in str(error.value)


def test_no_target_is_no_scan() -> None:
    with pytest.raises(InvalidInput, match="Name the servers"):
        asyncio.run(run_scan(SCANNER, SETTINGS, []))


def test_nothing_secret_is_in_the_payload(redis_pair: Pair) -> None:
    targets = addresses("redis", redis_pair)
    payload = asyncio.run(replicating(targets, SETTINGS))
    assert PASSWORD not in repr(payload)
    assert all(isinstance(server, DatabaseServer) for server in payload.servers)
