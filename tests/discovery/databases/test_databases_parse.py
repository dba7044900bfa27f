"""What database servers say becomes instances, databases, standbys and dependencies."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from cmdb.items import ItemObservation, LinkObservation
from discovery.databases import SCANNER, DatabasesSettings
from discovery.databases.parse import coarse
from discovery.databases.payload import (
    Client,
    Database,
    DatabaseServer,
    DatabasesPayload,
    Replica,
    Upstream,
)
from discovery.scanner import Parsed

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ONE = DatabaseServer(
    "db1.example.org",
    "10.0.0.21",
    5432,
    "postgresql",
    "15.4",
    (Database("mail"), Database("shop", 7_654_321)),
    replicas=(Replica("10.0.0.22"),),
    clients=(
        Client("10.0.0.12", "shop"),
        Client("10.0.0.12", "elsewhere"),
        Client("127.0.0.1", "shop"),
    ),
)
TWO = DatabaseServer(
    "db2.example.org",
    "10.0.0.22",
    5433,
    "postgresql",
    "15.4",
    upstream=Upstream("10.0.0.21", 5432),
)


def parsed(*servers: DatabaseServer, **settings: object) -> Parsed:
    payload = DatabasesPayload(tuple(s.host for s in servers), servers)
    return SCANNER.parse(payload, msgspec.convert(settings, DatabasesSettings), NOW)


def links(result: Parsed, relation: str) -> dict[tuple[str, str], LinkObservation]:
    name = {
        k: str(o.properties["name"])
        for o in result.observations
        if isinstance(o, ItemObservation)
        for k in o.identifiers
    }
    return {
        (name.get(o.from_key, o.from_key), name.get(o.to_key, o.to_key)): o
        for o in result.observations
        if isinstance(o, LinkObservation) and o.relation == relation
    }


def test_a_standby_that_was_asked_says_where_it_listens() -> None:
    found = links(parsed(ONE, TWO), "FAILS_OVER_TO")
    (link,) = found.values()
    assert set(found) == {("postgresql on db1.example.org", "postgresql:5433 on db2.example.org")}
    assert link.confidence == 1.0
    assert links(parsed(TWO, ONE), "FAILS_OVER_TO").keys() == found.keys()


def test_a_standby_that_was_not_asked_is_guessed_by_the_usual_port() -> None:
    found = links(parsed(ONE), "FAILS_OVER_TO")
    (link,) = found.values()
    assert set(found) == {
        ("postgresql on db1.example.org", "endpoint:default/tcp/10.0.0.22:5432"),
    }
    assert link.confidence == 0.6


def test_a_primary_that_was_not_asked_is_known_by_its_endpoint() -> None:
    assert set(links(parsed(TWO), "FAILS_OVER_TO")) == {
        ("endpoint:default/tcp/10.0.0.21:5432", "postgresql:5433 on db2.example.org"),
    }


def test_a_standby_that_does_not_follow_is_none() -> None:
    stopped = msgspec.structs.replace(TWO, upstream=Upstream("10.0.0.21", 5432, streams=False))
    assert links(parsed(stopped), "FAILS_OVER_TO") == {}


def test_who_is_connected_depends_on_the_database() -> None:
    found = links(parsed(ONE), "CONNECTS_TO")
    assert set(found) == {
        ("ip:default/10.0.0.12", "shop on db1.example.org"),
        ("ip:default/10.0.0.12", "postgresql on db1.example.org"),
    }
    assert links(parsed(ONE, clients=False), "CONNECTS_TO") == {}


def test_a_server_is_the_same_item_as_for_other_sources() -> None:
    server = next(o for o in parsed(ONE).observations if isinstance(o, ItemObservation))
    assert server.identifiers == (
        "key:databases/default/10.0.0.21:5432",
        "endpoint:default/tcp/10.0.0.21:5432",
    )
    assert server.kind == "DatabaseInstance"
    assert server.properties["role"] == "primary"


def test_all_that_the_manifest_declares_is_told() -> None:
    result = parsed(ONE, TWO)
    kinds = {o.kind for o in result.observations if isinstance(o, ItemObservation)}
    relations = {o.relation for o in result.observations if isinstance(o, LinkObservation)}
    assert kinds == set(SCANNER.manifest.kinds)
    assert relations == set(SCANNER.manifest.relations)


@pytest.mark.parametrize(
    ("size", "told"), [(None, None), (0, 0), (7, 7), (12_345, 12_000), (7_654_321, 7_700_000)]
)
def test_a_row_more_is_no_other_size(size: int | None, told: int | None) -> None:
    assert coarse(size) == told
