"""Items over GraphQL: every kind, filters, order, pages, links."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cmdb.catalogue import PropertyType, builtin
from cmdb.errors import UnknownKind
from cmdb.ingest import new_run
from cmdb.items import Item, ItemObservation
from cmdb.service import Cmdb
from cmdb.store.port import ItemQuery
from cmdb.views import ItemView
from cmdb_graphql.context import Context
from cmdb_graphql.names import camel
from cmdb_graphql.schema import Schema
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served

OWN = (
    "id kind name status identifiers formerIdentifiers properties sources firstSeen lastSeen "
    "stale revision createdRevision mergedInto"
)


async def all_items(cmdb: Cmdb, kind: str) -> list[Item]:
    below = builtin().descendants(kind)
    concrete = tuple(k for k in below if not builtin().kinds[k].abstract)
    page = await cmdb.store.query(ItemQuery(kinds=concrete, limit=1000))
    assert page.total == len(page.items)
    return list(page.items)


@pytest.mark.parametrize("name", builtin().kinds)
async def test_a_kind_s_connection_has_its_items_with_typed_properties(
    cmdb: Cmdb, ask: Ask, name: str
) -> None:
    kind = builtin().kind(name)
    fields = [p for p in kind.properties.values() if p.name != "name"]
    selected = f"{OWN} {' '.join(camel(p.name) for p in fields)}"
    plural = kind.kind.plural
    data = await ask(f"{{ {plural}(first: 1000) {{ totalCount nodes {{ {selected} }} }} }}")
    items = await all_items(cmdb, name)
    assert data[plural]["totalCount"] == len(items)
    for node, item in zip(data[plural]["nodes"], items, strict=True):
        assert node["id"] == item.id
        assert node["properties"] == item.properties
        assert node["sources"] == list(item.sources)
        for prop in fields:
            assert node[camel(prop.name)] == item.properties.get(prop.name)


def test_the_demo_fills_kinds_of_every_layer_but_records() -> None:
    layers = {k.kind.layer for k in builtin().concrete_kinds}
    assert layers >= {"business", "delivery", "platform", "compute", "network", "facility"}


@pytest.mark.parametrize(
    "key", ["dc1-core-sw1", "DC1-CORE-SW1", "fqdn:dc1-core-sw1.harrowfinch.example.org"]
)
async def test_an_item_is_what_the_product_shows(cmdb: Cmdb, ask: Ask, key: str) -> None:
    shape = selection(ItemView, {"links", "stale"})
    data = await ask(f"query($key: String!) {{ item(key: $key) {shape} }}", key=key)
    view = await cmdb.show(await cmdb.find(key))
    assert data["item"] == served(view, {"links", "stale"})


async def test_links_are_what_the_product_shows(cmdb: Cmdb, ask: Ask) -> None:
    data = await ask(
        """{ item(key: "dc1-core-sw1") { links(first: 1000) { totalCount nodes {
            id relation phrase outgoing strength gate minUp weight confidence evidence sources
            firstSeen lastSeen status item { id kind name status } } } } }"""
    )
    view = await cmdb.show(await cmdb.find("dc1-core-sw1"))
    links = data["item"]["links"]
    assert links["totalCount"] == len(view.links) > 3
    for node, link in zip(links["nodes"], view.links, strict=True):
        other = node.pop("item")
        assert other == {
            "id": link.item,
            "kind": link.kind,
            "name": link.name,
            "status": link.item_status,
        }
        assert node == {k: v for k, v in served(link).items() if k in node}


async def test_links_can_be_chosen_by_direction_relation_and_kind(ask: Ask) -> None:
    data = await ask(
        """{ item(key: "dc1-hv03") {
            all: links(first: 1000) { totalCount nodes { id } }
            out: links(direction: out, first: 1000) { nodes { id outgoing } }
            in: links(direction: in, first: 1000) { nodes { id outgoing } }
            hosted: links(relations: [HOSTED_ON, RUNS_ON], first: 1000) { nodes { relation } }
            hosts: links(kinds: [Host], first: 1000) { totalCount nodes { item { kind } } }
            none: links(kinds: [Person]) { totalCount nodes { id } }
        } }"""
    )
    item = data["item"]
    assert {n["outgoing"] for n in item["out"]["nodes"]} == {True}
    assert {n["outgoing"] for n in item["in"]["nodes"]} == {False}
    both = [n["id"] for n in (*item["out"]["nodes"], *item["in"]["nodes"])]
    assert sorted(both) == [n["id"] for n in item["all"]["nodes"]]
    assert {n["relation"] for n in item["hosted"]["nodes"]} == {"HOSTED_ON"}
    kinds = {n["item"]["kind"] for n in item["hosts"]["nodes"]}
    assert kinds == {"VirtualMachine", "NetworkDevice"}
    assert item["none"] == {"totalCount": 0, "nodes": []}


async def pages(ask: Ask, query: str, *path: str) -> list[list[dict[str, Any]]]:
    """All pages of a connection at a path of the answer, three entries each."""
    found: list[list[dict[str, Any]]] = []
    after: str | None = None
    while True:
        connection: Any = await ask(query, after=after)
        for name in path:
            connection = connection[name]
        edges, info = connection["edges"], connection["pageInfo"]
        assert info["hasPreviousPage"] == (after is not None)
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        assert info["endCursor"] == (edges[-1]["cursor"] if edges else None)
        found.append([edge["node"] for edge in edges])
        if not info["hasNextPage"]:
            return found
        after = info["endCursor"]


PAGE = """totalCount edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"""


@pytest.mark.parametrize(
    ("query", "whole", "path"),
    [
        (
            "servers(first: 3, after: $after, sort: {field: memory, descending: true})",
            "servers(first: 1000, sort: {field: memory, descending: true})",
            "servers",
        ),
        ("teams(first: 3, after: $after)", "teams(first: 1000)", "teams"),
        (
            'search(text: "sw", first: 3, after: $after)',
            'search(text: "sw", first: 1000)',
            "search",
        ),
    ],
)
async def test_all_pages_together_are_the_whole(
    ask: Ask, query: str, whole: str, path: str
) -> None:
    query = query.replace("field: memory", 'field: "memory"')
    whole = whole.replace("field: memory", 'field: "memory"')
    found = await pages(ask, f"query($after: String) {{ {query} {{ {PAGE} }} }}", path)
    data = await ask(f"{{ {whole} {{ totalCount nodes {{ id }} }} }}")
    assert [node for one in found for node in one] == data[path]["nodes"]
    assert data[path]["totalCount"] == len(data[path]["nodes"])
    assert len(found) > 2
    assert {len(one) for one in found[:-1]} == {3}


async def test_all_pages_of_links_together_are_the_whole(ask: Ask) -> None:
    query = f"""query($after: String) {{ item(key: "dc1-core-sw1") {{
        links(first: 3, after: $after) {{ {PAGE} }} }} }}"""
    found = await pages(ask, query, "item", "links")
    data = await ask('{ item(key: "dc1-core-sw1") { links(first: 1000) { nodes { id } } } }')
    assert [node for one in found for node in one] == data["item"]["links"]["nodes"]
    assert len(found) > 1


async def test_a_page_can_end_exactly_at_the_end(ask: Ask) -> None:
    query = "query($n: Int!) { teams(first: $n) { totalCount pageInfo { hasNextPage } } }"
    total = (await ask(query, n=1))["teams"]["totalCount"]
    assert not (await ask(query, n=total))["teams"]["pageInfo"]["hasNextPage"]
    assert (await ask(query, n=total - 1))["teams"]["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ('{field: "memory", operator: ge, value: 137438953472}', lambda p: p["memory"] >= 2**37),
        ('{field: "cpuCount", operator: lt, value: "32"}', lambda p: p["cpu_count"] < 32),
        ('{field: "environment", value: "production"}', lambda p: p["environment"] == "production"),
        (
            '{field: "properties.vendor", operator: exists, value: false}',
            lambda p: "vendor" not in p,
        ),
        ('{field: "vendor", operator: in, value: ["Dell Inc.", "HPE"]}', None),
    ],
)
async def test_filters_choose(cmdb: Cmdb, ask: Ask, condition: str, test: Any) -> None:
    data = await ask(f"{{ hosts(first: 1000, filter: [{condition}]) {{ nodes {{ id }} }} }}")

    def fits(item: Item) -> bool:
        try:
            return bool(test(item.properties))
        except KeyError:
            return False

    if test is None:
        given = ("Dell Inc.", "HPE")
        expected = [i for i in await all_items(cmdb, "Host") if i.properties.get("vendor") in given]
    else:
        expected = [i for i in await all_items(cmdb, "Host") if fits(i)]
    assert [n["id"] for n in data["hosts"]["nodes"]] == [i.id for i in expected]


async def test_items_of_several_kinds_and_statuses(ask: Ask) -> None:
    data = await ask(
        """{ some: items(kinds: [Server, Cluster], first: 1000) { nodes { kind __typename } }
             all: items { totalCount } info { items }
             retired: items(statuses: [retired]) { totalCount } }"""
    )
    kinds = {"Server", "Cluster", "KubernetesCluster", "KubernetesWorkload"}
    assert {n["kind"] for n in data["some"]["nodes"]} == kinds
    assert all(n["kind"] == n["__typename"] for n in data["some"]["nodes"])
    assert data["all"]["totalCount"] == sum(data["info"]["items"].values()) > 500
    assert data["retired"]["totalCount"] == 0


async def test_nodes_are_found_by_id(cmdb: Cmdb, ask: Ask) -> None:
    item = await cmdb.find("dc1-core-sw1")
    data = await ask("query($id: ID!) { node(id: $id) { id __typename } }", id=item.id)
    assert data["node"] == {"id": item.id, "__typename": "NetworkDevice"}


async def test_an_item_is_read_as_it_was(cmdb: Cmdb, ask: Ask, ask_wrongly: Ask) -> None:
    revision = await cmdb.revision()
    seen = ItemObservation(
        "NetworkDevice",
        ("fqdn:dc1-core-sw1.harrowfinch.example.org",),
        "operator",
        datetime.now(UTC),
        {"description": "changed"},
    )
    await cmdb.load([seen], [], new_run("operator"), reason="a test")
    query = """query($at: String) { item(key: "dc1-core-sw1", at: $at) {
        revision ... on NetworkDevice { description } } }"""
    assert (await ask(query))["item"]["description"] == "changed"
    past = (await ask(query, at=str(revision)))["item"]
    assert past["description"] is None
    assert past["revision"] <= revision
    assert (await ask(query, at="0"))["item"] is None
    error = await ask_wrongly(
        f'{{ item(key: "dc1-core-sw1", at: "{revision}") {{ links {{ totalCount }} }} }}'
    )
    assert error["extensions"]["code"] == "invalid_input"


async def test_values_that_the_catalogue_does_not_allow_are_null_and_in_properties(
    cmdb: Cmdb, schema: Schema
) -> None:
    item = await cmdb.find("dc1-core-sw1")
    odd = Item(
        **{n: getattr(item, n) for n in item.__struct_fields__ if n != "properties"},
        properties={**item.properties, "network_role": "spine"},
    )
    context = Context(cmdb)
    context.know([odd])
    query = "query($id: ID!) { node(id: $id) { ... on NetworkDevice { networkRole properties } } }"
    result = await schema.execute(query, {"id": item.id}, context)
    assert result.errors is None
    assert result.data is not None
    assert result.data["node"]["networkRole"] is None
    assert result.data["node"]["properties"]["network_role"] == "spine"


async def test_items_of_kinds_that_are_gone_are_still_items(cmdb: Cmdb, schema: Schema) -> None:
    gone = Item("0" * 26, "Robot", "R2", (await cmdb.find("dc1-core-sw1")).status)
    context = Context(cmdb)
    context.know([gone])
    query = "query($id: ID!) { node(id: $id) { __typename ... on Item { kind name } } }"
    result = await schema.execute(query, {"id": gone.id}, context)
    assert result.errors is None
    assert result.data == {"node": {"__typename": "OtherItem", "kind": "Robot", "name": "R2"}}
    with pytest.raises(UnknownKind):
        cmdb.catalogue.kind("Robot")


def test_every_property_type_is_served(schema: Schema) -> None:
    served_types = {p.type for k in builtin().concrete_kinds for p in k.properties.values()}
    assert served_types == set(PropertyType)


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ('{ item(key: "dc1-core-sw9") { id } }', "unknown_item", "dc1-core-sw1"),
        ('{ item(key: "dc2-backup1") { id } }', "ambiguous_item", "several items"),
        (
            '{ servers(filter: [{field: "memry", value: 1}]) { totalCount } }',
            "invalid_input",
            "memory",
        ),
        (
            '{ servers(filter: [{field: "engine", value: 1}]) { totalCount } }',
            "invalid_input",
            "Server",
        ),
        (
            '{ hosts(filter: [{field: "memory", value: "lots"}]) { totalCount } }',
            "invalid_input",
            "number",
        ),
        ('{ items(sort: {field: "colour"}) { totalCount } }', "invalid_input", "colour"),
        ("{ items(first: 0) { totalCount } }", "invalid_input", "1 to 1000"),
        ("{ items(first: 1001) { totalCount } }", "invalid_input", "1 to 1000"),
        ('{ items(after: "nonsense") { totalCount } }', "invalid_input", "cursor"),
        ('{ search(text: "x", after: "nonsense") { totalCount } }', "invalid_input", "cursor"),
        (
            '{ item(key: "dc1-core-sw1") { links(first: -1) { totalCount } } }',
            "invalid_input",
            "1 to",
        ),
        (
            '{ item(key: "dc1-core-sw1") { links(after: "é") { totalCount } } }',
            "invalid_input",
            "cursor",
        ),
        ("{ items(kinds: [Sever]) { totalCount } }", "invalid_document", "Server"),
        ("{ sever }", "invalid_document", "servers"),
    ],
)
async def test_wrong_questions_are_answered_with_what_would_be_right(
    ask_wrongly: Ask, query: str, code: str, said: str
) -> None:
    error = await ask_wrongly(query)
    assert error["extensions"]["code"] == code
    assert said in f"{error['message']} {error['extensions'].get('suggestions')}"
