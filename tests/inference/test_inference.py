"""What is inferred, on both stores: with a reason, once, taken back when it no longer follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from cmdb.errors import InvalidInput
from cmdb.inference.inferences import Inferred, decide, inferences, write_inferences
from cmdb.ingest import new_run
from cmdb.items import Gate, Item, ItemObservation, Link, LinkObservation, Value
from cmdb.records.actor import Actor
from cmdb.service import Cmdb
from impact import State, analyse, answer

ADA = Actor("ada")
Seen = tuple[str, str, dict[str, Value]]
Linked = tuple[str, str, str]


async def _load(
    cmdb: Cmdb, seen: Sequence[Seen], links: Sequence[Linked], source: str = "docker"
) -> None:
    now = datetime.now(UTC)
    items = [
        ItemObservation(kind, (f"key:own/{name}",), source, now, {"name": name, **values})
        for kind, name, values in seen
    ]
    ends = [
        LinkObservation(relation, f"key:own/{start}", f"key:own/{end}", source, now)
        for relation, start, end in links
    ]
    await cmdb.load(items, ends, new_run(source, full_scope=True), reason="test")


def _container(name: str, image: str = "shop:7", label: str = "") -> Seen:
    labels: dict[str, Value] = {"labels": [label, "tier=web"]} if label else {}
    return "Container", name, {"image": image, **labels}


POOL: tuple[Seen, ...] = (
    ("LoadBalancer", "edge", {}),
    _container("shop-1"),
    _container("shop-2"),
    _container("cron", image="cron:1"),
)
BEHIND: tuple[Linked, ...] = tuple(
    ("DEPENDS_ON", "edge", name) for name in ("shop-1", "shop-2", "cron")
)


async def _link(cmdb: Cmdb, start: str, end: str, relation: str = "DEPENDS_ON") -> Link | None:
    first, second = await cmdb.find(start), await cmdb.find(end)
    found = await cmdb.store.links([first.id], "out", [relation])
    return next((link for link in found if link.to_id == second.id), None)


async def _there(cmdb: Cmdb, start: str, end: str, relation: str = "DEPENDS_ON") -> Link:
    found = await _link(cmdb, start, end, relation)
    assert found is not None
    return found


async def _keys(cmdb: Cmdb, rule: str) -> list[str]:
    return [one.key for one in await inferences(cmdb) if one.rule == rule]


async def _state(cmdb: Cmdb, failed: str, asked: str) -> str:
    estate = await cmdb.estate()
    item = await cmdb.find(failed)
    found = answer(analyse(estate, {item.id: State.DOWN})).affected
    other = (await cmdb.find(asked)).id
    return next((str(one.state) for one in found if one.id == other), "up")


async def test_replicas_behind_a_balancer_are_a_redundancy_group(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    done = await write_inferences(cmdb)
    assert done.inferences == 1
    link = await _there(cmdb, "edge", "shop-1")
    assert link.gate is not None
    assert link.gate.name == "replicas of shop:7"
    assert "shop-1, shop-2 run the image shop:7 behind edge" in (link.evidence or "")
    assert link.sources == ("docker", "inference")
    assert (await _there(cmdb, "edge", "cron")).gate is None


async def test_a_second_time_nothing_is_written(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    first = await write_inferences(cmdb)
    again = await write_inferences(cmdb)
    assert first.revisions
    assert again == Inferred(1, 0, 0, ())


async def test_a_gate_that_a_source_names_is_left_alone(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, ())
    now = datetime.now(UTC)

    gated = [
        LinkObservation(
            "DEPENDS_ON", "key:own/edge", f"key:own/{name}", "docker", now, gate=Gate("both", 2)
        )
        for name in ("shop-1", "shop-2")
    ]
    await cmdb.load([], gated, new_run("docker"), reason="test")
    assert await _keys(cmdb, "replicas") == []


async def test_what_no_longer_follows_is_taken_back_at_once(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    await write_inferences(cmdb)
    await _load(cmdb, POOL[:2], BEHIND[:1])
    done = await write_inferences(cmdb)
    assert (done.inferences, done.taken_back) == (0, 2)
    assert (await _there(cmdb, "edge", "shop-1")).gate is None
    assert (await write_inferences(cmdb)).revisions == ()


async def test_a_refusal_is_remembered(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    await write_inferences(cmdb)
    (key,) = await _keys(cmdb, "replicas")
    done = await decide(cmdb, key, "refused", ADA, "they hold different shards")
    assert (done.inferences, done.refused, done.taken_back) == (0, 1, 2)
    assert (await _there(cmdb, "edge", "shop-1")).gate is None
    await _load(cmdb, POOL, BEHIND)
    assert (await write_inferences(cmdb)).revisions == ()
    (view,) = await inferences(cmdb)
    assert (view.decision, view.decided_by) == ("refused", "ada")
    assert view.decided_because == "they hold different shards"


async def test_a_confirmation_makes_it_certain_and_can_be_taken_back(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    await write_inferences(cmdb)
    (key,) = await _keys(cmdb, "replicas")
    await decide(cmdb, key, "confirmed", ADA)
    link = await _there(cmdb, "edge", "shop-1")
    assert link.confidence == 1.0
    assert (link.evidence or "").endswith("Confirmed by ada.")
    await decide(cmdb, key, "open", ADA)
    assert (await _there(cmdb, "edge", "shop-1")).confidence < 1.0
    record = await cmdb.find(key)
    assert (record.kind, record.properties["decision"]) == ("InferenceDecision", "open")


async def test_nothing_is_decided_of_what_does_not_follow(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    (key,) = await _keys(cmdb, "replicas")
    with pytest.raises(InvalidInput, match=f"did you mean {key}"):
        await decide(cmdb, key[:-1] + "x", "refused", ADA)


async def test_a_replica_is_a_standby_and_a_telling_name_is_none(cmdb: Cmdb) -> None:
    databases: tuple[Seen, ...] = (
        ("DatabaseInstance", "orders-primary", {"product": "PostgreSQL"}),
        ("DatabaseInstance", "orders-replica", {"product": "postgresql"}),
        ("DatabaseInstance", "orders-standby", {"product": "PostgreSQL"}),
        ("DatabaseInstance", "cache", {"product": "Redis"}),
        ("SoftwareInstance", "shop", {}),
    )
    await _load(
        cmdb,
        databases,
        [
            ("CONNECTS_TO", "orders-replica", "orders-primary"),
            ("CONNECTS_TO", "cache", "orders-primary"),
            ("DEPENDS_ON", "shop", "orders-primary"),
        ],
    )
    before = await _state(cmdb, "orders-primary", "shop")
    await write_inferences(cmdb)
    (standby,) = [one for one in await inferences(cmdb) if one.rule == "standby"]
    assert [item.name for item in standby.items] == ["orders-primary", "orders-replica"]
    assert await _link(cmdb, "orders-primary", "orders-replica", "FAILS_OVER_TO")
    assert await _link(cmdb, "orders-primary", "orders-standby", "FAILS_OVER_TO") is None
    assert before == "down"
    assert await _state(cmdb, "orders-primary", "shop") == "at_risk"


async def test_a_standby_that_a_source_reports_is_not_inferred(cmdb: Cmdb) -> None:
    databases: tuple[Seen, ...] = tuple(
        ("DatabaseInstance", name, {"product": "MariaDB"}) for name in ("one", "two")
    )
    links = [("CONNECTS_TO", "two", "one"), ("FAILS_OVER_TO", "one", "two")]
    await _load(cmdb, databases, links)
    assert await _keys(cmdb, "standby") == []


async def test_a_label_makes_an_application_service(cmdb: Cmdb) -> None:
    label = "com.docker.compose.project=shop"
    await _load(
        cmdb,
        [_container("shop-1", label=label), _container("shop-2", label=label),
         _container("db", image="postgres:16", label=label), _container("x", label="app=x")],
        (),
    )  # fmt: skip
    await write_inferences(cmdb)
    service = await cmdb.find("shop")
    assert (service.kind, service.sources) == ("ServiceInstance", ("inference",))
    assert (await _there(cmdb, "shop", "shop-1")).gate is not None
    assert (await _there(cmdb, "shop", "db")).gate is None
    assert await _state(cmdb, "shop-1", "shop") == "at_risk"
    assert await _state(cmdb, "db", "shop") == "degraded"
    (key,) = await _keys(cmdb, "application")
    await decide(cmdb, key, "refused", ADA)
    assert (await cmdb.find("shop")).status == "missing"
    assert await _link(cmdb, "shop", "db") is None


async def test_a_service_that_a_source_knows_is_the_one(cmdb: Cmdb) -> None:
    label = "app=Shop"
    await _load(
        cmdb,
        [
            _container("a", label=label),
            _container("b", image="b:1", label=label),
            ("ServiceInstance", "shop", {}),
        ],
        [("DEPENDS_ON", "shop", "a")],
    )
    await write_inferences(cmdb)
    assert (await _there(cmdb, "shop", "a")).sources == ("docker",)
    assert (await _there(cmdb, "shop", "b")).sources == ("inference",)


async def test_what_is_missing_is_no_ground(cmdb: Cmdb) -> None:
    await _load(cmdb, POOL, BEHIND)
    await _load(cmdb, POOL[2:], ())
    items: list[Item] = [await cmdb.find(name) for name in ("edge", "shop-1")]
    assert {item.status for item in items} == {"missing"}
    assert await inferences(cmdb) == []
