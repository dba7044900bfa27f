"""A project on a real engine: what is found there, and that it meets what others see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cmdb.cli.main import run_main
from cmdb.items import Gate, ItemObservation, LinkObservation
from discovery.docker import SCANNER, DockerSettings
from discovery.extra import required
from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure, decode_payload, encode_payload
from tests.discovery.docker.daemon import image, running, start

docker = required("docker", "docker")
SECRET = "hunter2-planted"
COMPOSE = """
name: desk
services:
  web: {image: "desk/idle:1", depends_on: [db]}
  db: {image: "desk/idle:1", volumes: ["data:/data"]}
volumes: {data: }
"""


class Host(NamedTuple):
    address: str
    ids: dict[str, str]


def labels(service: str, **more: str) -> dict[str, str]:
    return {
        "com.docker.compose.project": "desk",
        "com.docker.compose.service": service,
        "traefik.auth": SECRET,
        **{f"com.docker.compose.{k}": v for k, v in more.items()},
    }


def project(client: Any) -> dict[str, str]:
    """A project as Compose starts it: two of web, one of db, one that has ended."""
    client.import_image_from_data(image(), repository="desk/idle", tag="1")
    # Two processes that test at once have a range each.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    pool = docker.types.IPAMPool(subnet=f"10.213.{worker}.0/24")
    client.create_network(
        "desk_default", driver="bridge", ipam=docker.types.IPAMConfig(pool_configs=[pool])
    )
    client.create_volume("desk_data")
    environment = {
        "DB_URL": f"postgres://u:{SECRET}@db:5432/desk",
        "CACHE_HOST": "cache",
        "PASSWORD": SECRET,
    }
    web = {"labels": labels("web", depends_on="db:service_started:false"), "aliases": ["web"]}
    ids = {
        "db": start(
            client,
            "desk-db-1",
            "desk_default",
            labels=labels("db"),
            aliases=["db"],
            volumes={"desk_data": "/data"},
        ),
        "cache": start(client, "cache", "desk_default"),
        "web": start(client, "desk-web-1", "desk_default", environment=environment, **web),
        "web2": start(client, "desk-web-2", "desk_default", **web),
        "old": start(client, "old", "none"),
    }
    client.kill(ids["old"])
    return ids


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    # A socket's path has a hundred characters, and pytest's folders are long.
    folder = tmp_path_factory.mktemp("d")
    with running(folder) as address:
        client = docker.APIClient(base_url=address, version="auto", timeout=60)
        ids: dict[str, str] = {}
        try:
            ids = project(client)
            yield Host(address, ids)
        finally:
            for own in client.containers(all=True, quiet=True):
                client.remove_container(own["Id"], force=True)
            client.close()


async def scan(at: Host, **settings: Any) -> ScanResult:
    return await run_scan(SCANNER, DockerSettings(**settings), [at.address])


def links(found: ScanResult, relation: str) -> dict[tuple[str, str], LinkObservation]:
    return {
        (o.from_key.rpartition("/")[2], o.to_key.rpartition("/")[2]): o
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation == relation
    }


def items(found: ScanResult, kind: str) -> dict[str, ItemObservation]:
    return {
        str(o.properties["name"]): o
        for o in found.observations
        if isinstance(o, ItemObservation) and o.kind == kind
    }


async def test_containers_are_known_by_the_runtime_s_id(host: Host) -> None:
    found = await scan(host, host="app1")
    assert found.full_scope
    assert found.scope == "engine/app1"
    boxes = items(found, "Container")
    assert set(boxes) == {"desk-web-1", "desk-web-2", "desk-db-1", "cache"}
    assert boxes["cache"].identifiers[1] == f"container:{host.ids['cache']}"
    assert boxes["cache"].properties["image"] == "desk/idle:1"
    assert set(items(await scan(host, stopped=True), "Container")) - set(boxes) == {"old"}


async def test_services_run_on_their_containers_and_lead_to_each_other(host: Host) -> None:
    found = await scan(host, host="app1")
    runs = links(found, "RUNS_ON")
    gates = {runs["web", host.ids["web"]].gate, runs["web", host.ids["web2"]].gate}
    assert gates == {Gate("containers")}
    assert (host.ids["db"], "app1") in runs
    needs = links(found, "DEPENDS_ON")
    assert needs["web", "db"].confidence == 0.9
    assert needs["web", host.ids["cache"]].confidence == 0.7
    assert (host.ids["db"], "desk_default") in needs
    assert (host.ids["db"], "desk_data") in links(found, "ATTACHES_TO")
    assert ("desk_data", "app1") in links(found, "HOSTED_ON")
    quiet = links(await scan(host, host="app1", environment=False), "DEPENDS_ON")
    assert quiet["web", "db"].confidence == 0.8
    assert ("web", host.ids["cache"]) not in quiet


async def test_no_value_and_no_label_of_others_is_kept(host: Host) -> None:
    payloads = [p async for p in SCANNER.fetch(DockerSettings(), [host.address], None)]
    for payload in payloads:
        assert not isinstance(payload, Failure)
        kept = encode_payload(payload)
        assert SECRET.encode() not in kept
        assert b"DB_URL" in kept
        assert decode_payload(SCANNER, kept) == payload


def test_it_meets_the_compose_file_and_the_machine_s_own_scan(
    host: Host,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/estate.db")
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    words = ["scan", "docker", host.address, "--set", "host=app1"]
    assert run_main(words) == 0
    capsys.readouterr()
    assert run_main(words) == 0
    assert "Nothing changed." in capsys.readouterr().out
    assert run_main(["scan", "compose", str(tmp_path), "--set", "host=app1"]) == 0
    socket = host.address.removeprefix("unix://")
    local = ["--set", f"container_sockets={socket}", "--set", "connections=false"]
    assert run_main(["scan", "local", *local]) in (0, 4)
    capsys.readouterr()
    assert run_main(["show", f"container:{host.ids['cache']}"]) == 0
    assert "seen just now by docker, local" in capsys.readouterr().out
    assert run_main(["show", "name:ServiceInstance/app1/desk/web"]) == 0
    assert "by compose, docker" in capsys.readouterr().out
    assert run_main(["impact", f"container:{host.ids['db']}"]) == 0
    assert "DOWN ServiceInstance desk/web" in capsys.readouterr().out
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("estate.db*"))
    assert SECRET.encode() not in kept
