"""What is particular to Neo4j: the graph as a person meets it, its layout, and its server."""

from __future__ import annotations

import asyncio
from typing import Any, LiteralString

import pytest

from cmdb.catalogue import Catalogue, builtin
from cmdb.catalogue.kinds import KINDS
from cmdb.catalogue.model import Kind, Relation
from cmdb.catalogue.relations import RELATIONS
from cmdb.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnavailable
from cmdb.items import Gate, ItemStatus
from cmdb.revisions import Delta, Run
from cmdb.store import cypher as statements
from cmdb.store.connect import open_store
from cmdb.store.neo4j import Neo4jStore
from cmdb.store.port import SCHEMA_VERSION, Store
from tests.store.making import COMMIT, NOW, commit, created, item, link, stored, updated, waiting
from tests.store.neo4j_server import cypher, driver


@pytest.fixture
async def graph(empty_neo4j: str) -> str:
    """A small estate in the graph; its address."""
    store = await open_store(empty_neo4j, builtin())
    machine = item(
        "db1",
        identifiers=["serial:4C1", "fqdn:db1.example.org"],
        properties={"name": "db1", "operating_system": "Debian GNU/Linux", "cpu_count": 8},
    )
    database = item("orders", "DatabaseInstance", identifiers=["key:scan/orders"])
    shop = item("shop", "ServiceInstance", identifiers=["name:shop"])
    await store.apply(
        created(
            machine,
            database,
            shop,
            link(database, machine, "RUNS_ON"),
            link(shop, database, "DEPENDS_ON", gate=Gate("db", "50%"), confidence=0.9),
            waiting("fqdn:a", "fqdn:b"),
        ),
        COMMIT,
    )
    await store.save_run(Run("r1", "scan", NOW))
    await store.close()
    return empty_neo4j


async def asked(address: str, statement: LiteralString) -> list[list[object]]:
    return await asyncio.to_thread(cypher, address, statement)


async def test_the_graph_reads_naturally(graph: str) -> None:
    """The three questions of the documentation, in plain Cypher."""
    assert await asked(
        graph,
        "MATCH (s:Server {name: 'db1'})<-[:RUNS_ON|DEPENDS_ON*1..5]-(above) "
        "RETURN above.name, above.kind ORDER BY above.name",
    ) == [["orders", "DatabaseInstance"], ["shop", "ServiceInstance"]]
    assert await asked(
        graph,
        "MATCH (:Identifier {key: 'fqdn:db1.example.org'})-[:IDENTIFIES]->(i:Item) "
        "RETURN i.name, i.operating_system, i.cpu_count, i.status",
    ) == [["db1", "Debian GNU/Linux", 8, "active"]]
    assert await asked(
        graph,
        "MATCH (e:Edit {action: 'created', entity: 'item'}) "
        "MATCH (r:Revision {number: e.revision}) MATCH (i:Host {id: e.id}) "
        "RETURN i.name, r.actor, r.reason",
    ) == [["db1", "ada", "a test"]]


async def test_links_are_typed_relationships_with_native_properties(graph: str) -> None:
    assert await asked(
        graph,
        "MATCH (:ServiceInstance)-[r:DEPENDS_ON]->(:SoftwareInstance) "
        "RETURN r.strength, r.gate, r.min_up, r.confidence, r.weight, r.status, r.reported_by",
    ) == [["hard", "db", "50%", 0.9, 1.0, "active", ["scan"]]]


async def test_every_node_has_a_label_of_the_documented_ones(graph: str) -> None:
    [[found]] = await asked(graph, "MATCH (n) UNWIND labels(n) AS l RETURN collect(DISTINCT l)")
    assert isinstance(found, list)
    assert set(found) >= statements.OUR_LABELS
    lineages = {name for kind in builtin().concrete_kinds for name in kind.lineage}
    assert set(found) - statements.OUR_LABELS <= lineages
    [[own]] = await asked(graph, "MATCH (n:Server) RETURN labels(n)")
    assert isinstance(own, list)
    assert set(own) == {"Item", "Server", "Host", "ConfigurationItem"}


async def test_a_kind_change_changes_the_labels(empty_neo4j: str) -> None:
    store = await open_store(empty_neo4j, builtin())
    web = item("web")
    await store.apply(created(web), COMMIT)
    change = updated(stored(web, 1), kind="Container")
    await store.apply(Delta(items=(change,)), COMMIT)
    await store.close()
    [[own]] = await asked(empty_neo4j, "MATCH (n:Item) RETURN labels(n)")
    assert isinstance(own, list)
    assert set(own) == {"Item", "Container", "ConfigurationItem"}


async def test_kinds_and_relations_of_a_users_own(empty_neo4j: str) -> None:
    """A retailer's kind `Store` must not be taken for ours, nor break a statement."""
    own = Catalogue(
        kinds=(
            *KINDS,
            Kind("Store", "stores", "A shop.", "ConfigurationItem"),
            Kind("Odd`Kind", "odds", "Has a backtick.", "ConfigurationItem"),
        ),
        relations=(
            *RELATIONS,
            Relation("REPORTS", "reports", "is reported by", "x", (), (), RELATIONS[0].impact),
        ),
    )
    store = await open_store(empty_neo4j, own)
    shop, odd = item("shop", "Store"), item("odd", "Odd`Kind")
    reports = link(shop, odd, "REPORTS")
    await store.apply(created(shop, odd, reports), COMMIT)
    assert (await store.info()).items == {"Store": 1, "Odd`Kind": 1}
    assert await store.items([shop.id, odd.id]) == {
        shop.id: stored(shop, 1),
        odd.id: stored(odd, 1),
    }
    assert await store.links([odd.id]) == [stored(reports, 1)]
    await store.close()
    without = await open_store(empty_neo4j, builtin())
    change = updated(stored(shop, 1), status=ItemStatus.RETIRED)
    await without.apply(Delta(items=(change,)), COMMIT)
    assert await without.items([shop.id]) == {shop.id: stored(change.after, 2, 1)}
    await without.close()


async def test_constraints_and_indexes_follow_the_catalogue(empty_neo4j: str) -> None:
    await (await open_store(empty_neo4j, builtin())).close()
    wanted = set(statements.schema(builtin()))
    rows = await asked(empty_neo4j, "SHOW INDEXES YIELD name, state RETURN name, state")
    states = {str(row[0]): row[1] for row in rows}
    assert wanted <= set(states)
    assert {states[name] for name in wanted} == {"ONLINE"}
    assert {f"kind_{kind.name}_name" for kind in builtin().concrete_kinds} <= wanted


async def test_no_page_of_items_reads_what_it_does_not_need(graph: str) -> None:
    """Looking up by id, key, name order and words goes by an index, never over all nodes."""
    for statement in (
        statements.ITEMS_BY_ID,
        statements.OWNERS,
        statements.HISTORY,
        statements.EDITS,
        statements.LINKS["in"],
        statements.WAITING_BY_KEY,
        statements.Generated(builtin()).create_links("RUNS_ON"),
        statements.Generated(builtin()).touch_links("RUNS_ON"),
        statements.TOUCH_ITEMS,
        statements.UPDATE_ITEMS,
    ):
        plan = await asyncio.to_thread(explained, graph, statement)
        assert not {operator for operator in plan if "Scan" in operator and "Index" not in operator}
        assert any("Index" in operator for operator in plan)


def explained(address: str, statement: str) -> set[str]:
    given: dict[str, Any] = {"rows": [], "ids": [], "keys": [], "id": "x", "limit": 1}
    given |= {"relations": None, "retired": False, "before": 1, "after": 1, "upto": 2, "never": 0}
    with driver(address) as opened, opened.session() as session:
        text: Any = f"EXPLAIN {statement}"
        summary = session.run(text, given).consume()
    found: set[str] = set()
    plans = [summary.plan]
    while plans:
        plan = plans.pop()
        assert plan is not None
        found.add(plan["operatorType"])
        plans += plan.get("children", [])
    return found


# --- migrations and other people's data ----------------------------------------------------------


async def open_with(address: str, *migrations: statements.Migration) -> Store:
    parts = address.split("://")[1].split("@")
    user, password = parts[0].split(":")
    return await Neo4jStore.open(
        f"bolt://{parts[1]}", builtin(), user=user, password=password, migrations=migrations
    )


STEP = statements.Migration("mark it", ("MERGE (s:Store {key: 'cmdb'}) SET s.marks = 1",))
NEXT = statements.Migration("mark it again", ("MATCH (s:Store) SET s.marks = s.marks + 1",))


async def test_an_older_layout_is_migrated_step_by_step(empty_neo4j: str) -> None:
    await (await open_with(empty_neo4j, STEP)).close()
    await (await open_with(empty_neo4j, STEP, NEXT)).close()
    await (await open_with(empty_neo4j, STEP, NEXT)).close()
    assert await asked(empty_neo4j, "MATCH (s:Store) RETURN s.schema_version, s.marks") == [[2, 2]]


async def test_many_that_open_at_once_migrate_once(empty_neo4j: str) -> None:
    stores = await asyncio.gather(*(open_with(empty_neo4j, STEP, NEXT) for _ in range(6)))
    for store in stores:
        await store.close()
    assert await asked(empty_neo4j, "MATCH (s:Store) RETURN s.schema_version, s.marks") == [[2, 2]]


async def test_a_store_of_a_newer_version_is_refused(empty_neo4j: str) -> None:
    await (await open_with(empty_neo4j, *statements.MIGRATIONS, STEP)).close()
    with pytest.raises(
        StoreTooNew, match=r"has schema version 2; this version .* up to 1"
    ) as caught:
        await open_store(empty_neo4j, builtin())
    assert "neo4j:" not in caught.value.message


async def test_a_database_with_other_data_is_refused_and_kept(empty_neo4j: str) -> None:
    await asked(empty_neo4j, "CREATE (:Film {title: 'Metropolis'})")
    with pytest.raises(StoreDamaged, match="holds data of something else"):
        await open_store(empty_neo4j, builtin())
    assert await asked(empty_neo4j, "MATCH (n) RETURN labels(n), n.title") == [
        [["Film"], "Metropolis"]
    ]


def test_the_layout_is_as_new_as_the_port_says() -> None:
    assert len(statements.MIGRATIONS) == SCHEMA_VERSION


# --- the server ----------------------------------------------------------------------------------


async def test_a_wrong_password_is_a_sentence_without_it(neo4j_address: str) -> None:
    host = neo4j_address.rpartition("@")[2]
    with pytest.raises(StoreUnavailable, match="refuses the user or the password") as caught:
        await open_store(f"bolt://neo4j:open-sesame@{host}", builtin())
    assert host in caught.value.message
    assert "open-sesame" not in caught.value.message


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
async def test_no_server_is_a_sentence_with_the_address(scheme: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:9 can't be reached") as caught:
        await open_store(f"{scheme}://neo4j:open-sesame@127.0.0.1:9", builtin())
    assert "open-sesame" not in caught.value.message


async def test_routing_serves_from_one_machine_too(empty_neo4j: str) -> None:
    store = await open_store(empty_neo4j.replace("bolt://", "neo4j://"), builtin())
    web = item("web")
    await store.apply(created(web), COMMIT)
    assert await store.items([web.id]) == {web.id: stored(web, 1)}
    await store.close()


async def test_a_deadlock_is_repeated_by_itself(empty_neo4j: str) -> None:
    """Another client locks the item and then the store's node; we lock them the other way round."""
    store = await open_store(empty_neo4j, builtin())
    web = item("web")
    await store.apply(created(web), COMMIT)
    change = updated(stored(web, 1), name="new")
    with driver(empty_neo4j) as opened, opened.session() as session:
        other = session.begin_transaction()
        other.run("MATCH (n:Item) SET n.held = true").consume()
        writing = asyncio.create_task(store.apply(Delta(items=(change,)), COMMIT))
        await until_somebody_waits(empty_neo4j)
        # Now each waits for the other: the server ends one of the two with a transient error.
        survived = await asyncio.to_thread(take_store, other)
        if survived:
            await asyncio.to_thread(other.rollback)
        revision = await writing
    assert revision is not None
    assert revision.number == 2
    assert (await store.items([web.id]))[web.id].name == "new"
    await store.close()


async def until_somebody_waits(address: str) -> None:
    while True:
        rows = await asked(address, "SHOW TRANSACTIONS YIELD status RETURN status")
        if any(str(status).startswith("Blocked") for (status,) in rows):
            return


def take_store(transaction: object) -> bool:
    from neo4j import Transaction
    from neo4j.exceptions import TransientError

    assert isinstance(transaction, Transaction)
    try:
        transaction.run("MATCH (s:Store) SET s.held = true").consume()
    except TransientError:
        return False
    return True


async def test_what_the_server_refuses_is_an_error_of_ours(empty_neo4j: str) -> None:
    store = await open_store(empty_neo4j, builtin())
    assert isinstance(store, Neo4jStore)
    with pytest.raises(StoreError, match="failed"):
        await store._made(str, "RETURN nonsense")
    await store.close()


async def test_times_are_kept_to_the_microsecond(empty_neo4j: str) -> None:
    store = await open_store(empty_neo4j, builtin())
    time = NOW.replace(microsecond=123_457)
    revision = await store.apply(created(item("web")), commit(time))
    assert revision is not None
    assert revision.time == time
    assert (await store.info()).revision_time == time
    assert (await store.revisions())[0].time == time
    await store.close()
