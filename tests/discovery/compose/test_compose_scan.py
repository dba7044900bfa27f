"""Compose files of many forms: what they declare, and what of them is never kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.cli.main import run_main
from cmdb.errors import InvalidInput
from cmdb.items import ItemObservation, LinkObservation
from discovery.compose import SCANNER, ComposeSettings
from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure, encode_payload

SECRET = "hunter2-planted"
SHOP = f"""
name: shop
services:
  web:
    image: shop/web:${{TAG:-1.4}}
    depends_on:
      db: {{condition: service_healthy}}
      migrate: {{condition: service_completed_successfully}}
    environment:
      CACHE_URL: redis://:{SECRET}@${{CACHE}}:6379/0
      ORDERS: postgres://u:{SECRET}@orders.cx1.eu-west-1.rds.amazonaws.com:5432/o
      GREETING: queue
    networks: [front, back]
    ports: ["127.0.0.1:8080:80/tcp", "9000"]
    secrets: [{{source: web-key}}]
  db:
    image: postgres:16
    environment: ["POSTGRES_PASSWORD={SECRET}"]
    volumes: ["data:/var/lib/postgresql", "./init:/init"]
    networks: [back]
  cache:
    image: redis
    networks: [back]
  queue:
    image: rabbitmq
    networks: [front]
  worker:
    extends: web
    environment: [QUEUE_HOST=queue, HIDDEN_HOST=cache]
    networks: !override [front]
  migrate: {{image: shop/migrate, networks: [back]}}
  debug: {{image: busybox, profiles: [tools], network_mode: "service:web"}}
volumes: {{data: }}
networks:
  front:
  back: {{ipam: {{config: [{{subnet: 10.9.0.0/24}}]}}}}
secrets: {{web-key: {{file: ./key}}}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "any"
    folder.mkdir()
    (folder / "compose.yaml").write_text(SHOP)
    (folder / ".env").write_text(f"CACHE=cache\nTAG={SECRET}\n")
    return folder


async def scan(*targets: object, settings: ComposeSettings | None = None) -> ScanResult:
    return await run_scan(SCANNER, settings or ComposeSettings(), [str(t) for t in targets])


def links(found: ScanResult, relation: str, start: str) -> dict[str, tuple[str, float]]:
    return {
        o.to_key.removeprefix("key:compose/"): (o.strength, o.confidence)
        for o in found.observations
        if isinstance(o, LinkObservation)
        and o.relation == relation
        and o.from_key.endswith(f"/service/{start}")
    }


async def test_services_lead_to_what_they_need(shop: Path) -> None:
    found = await scan(shop)
    assert links(found, "DEPENDS_ON", "web") == {
        "shop/service/db": ("hard", 0.6),
        "shop/service/migrate": ("soft", 0.6),
        "shop/service/cache": ("hard", 0.5),
        "fqdn:orders.cx1.eu-west-1.rds.amazonaws.com": ("hard", 0.5),
        "network/shop_front": ("hard", 0.6),
        "network/shop_back": ("hard", 0.6),
        "shop/secret/web-key": ("soft", 0.6),
    }
    assert links(found, "ATTACHES_TO", "db") == {"volume/shop_data": ("hard", 0.6)}


async def test_a_name_on_no_shared_network_leads_nowhere(shop: Path) -> None:
    needs = links(await scan(shop), "DEPENDS_ON", "queue")
    assert set(needs) == {"network/shop_front"}


async def test_services_of_profiles_are_taken_where_they_are_asked_for(shop: Path) -> None:
    plain = await scan(shop)
    assert plain.notes == ("Services of profiles that are not asked for were left out: 1.",)
    every = await scan(shop, settings=ComposeSettings(profiles=("*",)))
    assert links(every, "DEPENDS_ON", "debug") == {"shop/service/web": ("hard", 0.6)}


async def test_no_value_is_kept(shop: Path) -> None:
    fetched = [p async for p in SCANNER.fetch(ComposeSettings(), [str(shop)], None)]
    kept = b"".join(encode_payload(p) for p in fetched if not isinstance(p, Failure))
    assert b"shop/web:${TAG:-1.4}" in kept
    assert SECRET.encode() not in kept


async def test_an_override_file_adds_to_the_file(shop: Path) -> None:
    (shop / "compose.override.yaml").write_text("services: {db: {depends_on: [queue]}}")
    assert "shop/service/queue" in links(await scan(shop), "DEPENDS_ON", "db")


async def test_the_first_form_and_the_project_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "My Shop"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text("a: {image: x, links: ['b:c']}\nb: {image: y}\n")
    found = await scan(folder)
    assert links(found, "DEPENDS_ON", "a") == {"myshop/service/b": ("hard", 0.6)}


async def test_every_file_of_a_collection_is_read(shared_data: Path) -> None:
    found = await scan(shared_data / "awesome-compose")
    assert not found.errors
    assert found.full_scope
    files = [*(shared_data / "awesome-compose").rglob("*compose.y*ml")]
    projects = {
        str(o.properties["name"]).partition("/")[0]
        for o in found.observations
        if isinstance(o, ItemObservation) and o.kind == "ServiceInstance"
    }
    assert len(projects) == len(files) > 30
    assert "nginx-nodejs-redis/service/web1" in links(found, "DEPENDS_ON", "nginx")
    assert set(links(found, "DEPENDS_ON", "nc")) >= {
        "nextcloud-redis-mariadb/service/db",
        "nextcloud-redis-mariadb/service/redis",
    }
    assert set(links(found, "DEPENDS_ON", "etl")) == {
        "wasmedge-kafka-mysql/service/db",
        "wasmedge-kafka-mysql/service/redpanda",
    }


async def test_what_is_no_compose_file_is_named(shop: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "compose.yaml").write_text("kind: Deployment\n")
    found = await scan(tmp_path)
    assert found.partial
    assert found.errors == (f"{bad}/compose.yaml is no Compose file: it has no services.",)
    with pytest.raises(InvalidInput, match="has no services"):
        await scan(bad)
    (bad / "compose.yaml").write_text("services: [a: b: c]\n")
    with pytest.raises(InvalidInput, match="line 1: this is neither YAML nor JSON"):
        await scan(bad / "compose.yaml")
    with pytest.raises(InvalidInput, match="Name the Compose files"):
        await scan()


def test_the_second_scan_changes_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{shop}/estate.db")
    assert run_main(["scan", "compose", str(shop), "--set", "host=app1"]) == 0
    capsys.readouterr()
    assert run_main(["scan", "compose", str(shop), "--set", "host=app1"]) == 0
    assert "Nothing changed." in capsys.readouterr().out
    assert run_main(["show", "name:ServiceInstance/app1/shop/web"]) == 0
