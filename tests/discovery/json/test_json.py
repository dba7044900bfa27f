"""Any JSON, by a mapping: from files and a real server, with everything that can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from cmdb.items import ItemObservation, LinkObservation
from cmdb.store.port import Store
from discovery.json import SCANNER, JsonSettings
from discovery.json.mapping import read_mapping
from discovery.run import ScanResult, run_scan
from discovery.setting_values import Secret, TextFile
from tests.discovery.conftest import load_scan
from tests.discovery.serving import serving

EXAMPLES = Path(__file__).parents[3] / "docs/examples/json"
HOSTS = '[paging]\nnext = "next"\n[host]\neach = "hosts[]"\nkind = "Server"\nid = "id"\n'
HOSTS += (
    '[host.identifiers]\nserial = "serial"\nmac = "macs"\n[host.properties]\ncpu_count = "cores"\n'
)
TOKEN = "s3same"


def _settings(mapping: str = HOSTS, **more: object) -> JsonSettings:
    return JsonSettings(mapping=TextFile("hosts.toml", mapping), **more)  # type: ignore[arg-type]  # given by name


async def _scan(settings: JsonSettings, *targets: object) -> ScanResult:
    return await run_scan(SCANNER, settings, [str(target) for target in targets])


def _items(found: ScanResult) -> dict[str, ItemObservation]:
    items = [seen for seen in found.observations if isinstance(seen, ItemObservation)]
    return {seen.identifiers[0].rsplit("/", 1)[1]: seen for seen in items}


def _links(found: ScanResult) -> list[LinkObservation]:
    return [seen for seen in found.observations if isinstance(seen, LinkObservation)]


def _file(folder: Path, value: object) -> Path:
    path = folder / "hosts.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


async def _page(request: Request) -> Response:
    """An API of three pages, for one token: the second by the answer, the third by the header."""
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return JSONResponse({"error": "who are you?"}, 401)
    number = int(request.query_params.get("page", "1"))
    body: dict[str, Any] = {"hosts": [{"id": number, "serial": f"S{number}"}]}
    headers = {}
    if number == 1:
        body["next"] = "/api/hosts?page=2"
    if number == 2:
        headers["link"] = '</api/hosts?page=3>; rel="next"'
    return JSONResponse(body, headers=headers)


async def _circle(request: Request) -> Response:
    page = request.query_params.get("page", "a")
    return JSONResponse({"hosts": [], "next": f"?page={'b' if page == 'a' else 'a'}"})


async def _endless(request: Request) -> Response:
    page = int(request.query_params.get("page", "1"))
    return JSONResponse({"hosts": [{"id": page}], "next": f"?page={page + 1}"})


async def _html(request: Request) -> Response:
    return Response("<html>Sign in</html>", media_type="text/html")


APP = Starlette(
    routes=[
        Route("/api/hosts", _page),
        Route("/circle", _circle),
        Route("/endless", _endless),
        Route("/html", _html),
    ]
)


async def test_an_api_is_read_page_after_page(store: Store) -> None:
    with serving(APP) as address:
        settings = _settings(token=Secret("env:T", TOKEN))
        found = await _scan(settings, f"{address}/api/hosts")
        again = await _scan(settings, f"{address}/api/hosts")
    assert [*_items(found)] == ["1", "2", "3"]
    assert (found.scope, found.full_scope) == ("hosts", True)
    assert (await load_scan(store, found)).run.counts["created"] == 3
    assert (await load_scan(store, again)).revisions == []


async def test_a_refused_token_is_said_without_it() -> None:
    wrong = _settings(token=Secret("env:T", "wr0ng"))
    refused = pytest.raises(InvalidSettings, match="refuses the credentials")
    with serving(APP) as address, refused as caught:
        await _scan(wrong, f"{address}/api/hosts")
    assert "wr0ng" not in str(caught.value)


async def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(InvalidSettings) as caught:
        await _scan(_settings(token=Secret("env:T", TOKEN)), "http://racks.example.org/api")
    assert "would send the credentials in the clear" in caught.value.sentence()
    with pytest.raises(InvalidSettings, match="there is the setting token"):
        await _scan(_settings(), "https://me:s3same@racks.example.org/api")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("circle", "its pages lead in a circle"),
        ("endless", "it has more than 20 pages"),
        ("html", "something that is no JSON"),
        ("none", "404"),
    ],
)
async def test_a_part_that_is_odd_leaves_the_rest(tmp_path: Path, path: str, expected: str) -> None:
    hosts = _file(tmp_path, {"hosts": [{"id": "a"}]})
    with serving(APP) as address:
        found = await _scan(_settings(most_pages=20), hosts, f"{address}/{path}")
        with pytest.raises(RemoteUnavailable):
            await _scan(_settings(most_pages=20), f"{address}/{path}")
    assert found.partial
    assert f"{address}/{path}: " in found.errors[0]
    assert expected in found.errors[0]
    assert [*_items(found)] == ["a"]


async def test_things_are_what_the_mapping_says(tmp_path: Path) -> None:
    hosts = [
        {"id": 7, "serial": "4C1", "macs": ["00:16:3e:00:00:07", None], "cores": "8"},
        {"id": "8", "serial": "None", "macs": [], "cores": 4.0},
    ]
    found = _items(await _scan(_settings(), _file(tmp_path, {"hosts": hosts})))
    assert found["7"].identifiers == (
        "key:json/hosts/host/7",
        "serial:4C1",
        "mac:00:16:3e:00:00:07",
    )
    assert found["7"].properties == {"cpu_count": 8, "name": "7"}
    assert found["8"].identifiers == ("key:json/hosts/host/8",)
    assert found["8"].properties == {"cpu_count": 4, "name": "8"}


async def test_what_can_not_be_read_of_a_thing_is_told_of(tmp_path: Path) -> None:
    hosts = [{"id": 1, "cores": "many"}, {"id": 2, "cores": "many"}, {"name": "nobody"}, 5]
    found = await _scan(_settings(), path := _file(tmp_path, {"hosts": hosts}))
    assert [*_items(found)] == ["1", "2"]
    assert set(found.notes) == {
        f"{path}: cpu_count of a host must be a number, not 'many' (2 times)",
        f"{path}: a host has no id (id), and is left out (2 times)",
    }


async def test_links_by_ids_identifiers_gates_and_backwards(tmp_path: Path) -> None:
    mapping = """
[pool]
each = "pools"
key = "name"
kind = "Cluster"
id = "name"
[[pool.links]]
relation = "MEMBER_OF"
each = "members[]"
to = { node = "id" }
reverse = true
[[pool.links]]
relation = "DEPENDS_ON"
each = "needs"
to = { fqdn = "@" }
gate = "'names'"
min_up = "50%"
strength = "soft"
confidence = 0.4
[node]
each = "nodes"
kind = "Server"
id = "id"
"""
    document = {
        "pools": {
            "web": {"members": [{"id": 1}, {"id": 2}], "needs": ["a.example.org", "b.example.org"]}
        },
        "nodes": [{"id": 1}, {"id": 2}],
    }
    found = _links(await _scan(_settings(mapping), _file(tmp_path, document)))
    members, names = found[:2], found[2:]
    assert {(link.relation, link.from_key[-6:], link.to_key[-8:]) for link in members} == {
        ("MEMBER_OF", "node/1", "pool/web"),
        ("MEMBER_OF", "node/2", "pool/web"),
    }
    assert [link.to_key for link in names] == ["fqdn:a.example.org", "fqdn:b.example.org"]
    first = names[0]
    assert first.gate is not None
    assert (first.gate.name, first.gate.min_up) == ("names", "50%")
    assert (first.strength, first.confidence) == ("soft", 0.4)


async def test_a_table_can_be_for_some_targets_only(tmp_path: Path) -> None:
    mapping = '[host]\ntarget = "*hosts.json"\nkind = "Server"\nid = "id"\n'
    other = tmp_path / "other.ndjson"
    other.write_text('{"id": "o"}\n\n{"id": "p"}\n')
    hosts = _file(tmp_path, {"id": "h"})
    assert [*_items(await _scan(_settings(mapping), hosts, other))] == ["h"]
    everywhere = mapping.replace('target = "*hosts.json"\n', "")
    assert [*_items(await _scan(_settings(everywhere), hosts, other))] == ["h", "o", "p"]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("", "there is no table in it"),
        ("host = 3", "1, host: must be a table"),
        ('[host]\nkind = "Servr"\nid = "id"', "2, host.kind: There is no kind 'Servr'"),
        ('[host]\nkind = "Server"', "1, host.id: is needed"),
        ('[host]\nkind = "Server"\nid = "id["', "3, host.id: must be a JMESPath expression"),
        ('[host]\nkind = "Server"\nid = 5', "3, host.id: must be a JMESPath expression"),
        ('[host]\nkind = "Server"\nid = "id"\nech = "@"', "4, host.ech: is no key here"),
        (
            '[host]\nkind = "Server"\nid = "id"\n[host.properties]\ncores = "cores"',
            "5, host.properties.cores: is no property of it",
        ),
        (
            '[host]\nkind = "Server"\nid = "id"\n[host.identifiers]\narn = "arn"',
            "5, host.identifiers.arn: identifies no such kind",
        ),
        (
            (
                '[host]\nkind = "Server"\nid = "id"\n[host.properties]\ncpu_count = "n"\n'
                '[host.values.cpu_count]\n"few" = "two"'
            ),
            "7, host.values.cpu_count.few: must be a number",
        ),
        (
            (
                '[host]\nkind = "Server"\nid = "id"\n[[host.links]]\nrelation = "RUNS_AT"\n'
                'to = { fqdn = "a" }'
            ),
            "5, relation: There is no relation 'RUNS_AT'",
        ),
        (
            (
                '[host]\nkind = "Server"\nid = "id"\n[[host.links]]\nrelation = "DEPENDS_ON"\n'
                'to = { hosts = "a" }'
            ),
            '6, to: must be { table = "expression" }',
        ),
        (
            (
                '[host]\nkind = "Server"\nid = "id"\n[[host.links]]\nrelation = "DEPENDS_ON"\n'
                'to = { fqdn = "a" }\nconfidence = 2\nstrength = "odd"'
            ),
            "8, strength: must be hard or soft",
        ),
        ('[paging]\nnxt = "a"\n[host]\nkind = "Server"\nid = "id"', "paging: must be a table with"),
    ],
)
def test_a_mistake_in_a_mapping_is_named_with_its_line(mapping: str, expected: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_mapping(mapping, "hosts.toml")
    said = [f"{p.line}, {p.field}: {p.message}" for p in caught.value.problems]
    assert expected in said[0], said


@pytest.mark.parametrize("name", ["racks", "ansible", "services"])
async def test_the_examples_of_the_docs_say_something(name: str) -> None:
    mapping = (EXAMPLES / f"{name}.toml").read_text()
    found = await _scan(_settings(mapping), EXAMPLES / f"{name}.json")
    assert found.notes == ()
    assert found.counts["items"] >= 2
    assert found.counts["links"] >= 1


async def test_what_is_needed_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="A mapping is needed"):
        await _scan(JsonSettings(), "hosts.json")
    with pytest.raises(InvalidInput, match="Name what to read"):
        await _scan(_settings())
    with pytest.raises(InvalidInput, match="it can't be read: No such file"):
        await _scan(_settings(), tmp_path / "none.json")
    with pytest.raises(InvalidInput, match="it is no JSON"):
        await _scan(_settings(), _file(tmp_path, "<html>"))
    with pytest.raises(InvalidInput, match="it is no JSON"):
        await _scan(_settings(), _file(tmp_path, "[" * 100_000))
