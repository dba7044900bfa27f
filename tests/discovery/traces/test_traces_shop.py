"""The shop, traced by the real SDK, sent to a real server, by every way that there is."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from cmdb.app import serve
from cmdb.items import Item, Link
from cmdb.service import Cmdb
from cmdb.settings import Settings
from discovery.databases import DatabasesSettings
from discovery.databases.parse import parse as parse_databases
from discovery.databases.payload import Database, DatabaseServer, DatabasesPayload
from discovery.run import run_scan
from discovery.traces import SCANNER as TRACES
from discovery.traces import TracesSettings
from tests.discovery.traces.shop import SECRET, Collected, Shop, encoded

TOKEN = "tr4ces-s3same"
GRAPH = {
    "web DEPENDS_ON cart",
    "web DEPENDS_ON orders",
    "orders DEPENDS_ON orders on db.shop.internal",
    "orders on db.shop.internal HOSTED_ON postgresql on db.shop.internal",
    "orders DEPENDS_ON api.payments.example.com:443",
    "orders DEPENDS_ON placed-orders",
    "shipping EXCHANGES_DATA_WITH placed-orders",
    "stock EXCHANGES_DATA_WITH placed-orders",
    "shipping EXCHANGES_DATA_WITH orders",
    "stock EXCHANGES_DATA_WITH orders",
}


def settings(folder: Path) -> Settings:
    return Settings(
        store=f"sqlite:///{folder / 'cmdb.db'}",
        token=TOKEN,  # type: ignore[arg-type]  # pydantic makes a secret of it
        state_folder=folder,
        cache_folder=None,
        traces=True,
        traces_every=timedelta(hours=1),
    )


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Cmdb, str]]:
    """A real server; what it took is stored when it ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    cmdb = await Cmdb.open(settings(folder))
    ready = asyncio.Event()
    task = asyncio.create_task(serve(cmdb, port=port, on_ready=lambda _: ready.set()))
    await ready.wait()
    try:
        yield cmdb, f"http://127.0.0.1:{port}/v1/traces"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await cmdb.close()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Cmdb]:
    cmdb = await Cmdb.open(settings(folder))
    yield cmdb
    await cmdb.close()


async def graph(cmdb: Cmdb) -> dict[str, tuple[float, str]]:
    """Every link by its ends' names, with confidence and evidence."""
    items: dict[str, str] = {}
    links: list[Link] = []
    async for thing in cmdb.store.stream():
        if isinstance(thing, Item):
            items[thing.id] = thing.name
        elif isinstance(thing, Link):
            links.append(thing)
    return {
        f"{items[k.from_id]} {k.relation} {items[k.to_id]}": (k.confidence, k.evidence or "")
        for k in links
    }


def everything(folder: Path) -> Iterator[bytes]:
    for file in folder.glob("cmdb.db*"):
        yield file.read_bytes()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
async def test_the_shop_is_drawn_as_it_is(tmp_path: Path, compression: Compression) -> None:
    collected = Collected()
    shop = Shop(collected)
    for _ in range(12):
        shop.order()
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with served(tmp_path) as (_, address):
        exporter = OTLPSpanExporter(address, headers=headers, compression=compression)
        for batch in (collected.spans[::2], collected.spans[1::2]):
            assert await asyncio.to_thread(exporter.export, batch) is SpanExportResult.SUCCESS
        exporter.shutdown()  # type: ignore[no-untyped-call]  # it has no types
    async with opened(tmp_path) as cmdb:
        found = await graph(cmdb)
        assert set(found) == GRAPH
        confidence, evidence = found["web DEPENDS_ON orders"]
        assert confidence == 0.55
        assert "10 calls or more" in evidence
        assert "hardly any failed" in evidence
        database = await cmdb.find("endpoint:default/tcp/10.0.0.5:5432")
        assert database.kind == "DatabaseInstance"
        assert (await cmdb.find("fqdn:api.payments.example.com")).kind == "ApiEndpoint"
        web = await cmdb.find("key:traces/service/production/shop/web")
        assert (web.properties["version"], web.properties["environment"]) == (
            "1.2.0",
            "production",
        )
        waiting = {(w.relation, w.report.to_key) for w in await cmdb.store.waiting()}
        assert waiting == {
            ("RUNS_ON", "machine-id:0c0f2a9d5d4b4a0e8f5f0a3c2b1d4e5f"),
            ("RUNS_ON", "fqdn:db.shop.internal"),
        }
    assert not any(SECRET.encode() in data for data in everything(tmp_path))


async def test_the_same_again_changes_nothing_but_when_it_was_seen(tmp_path: Path) -> None:
    """The server is started twice, and gets the same spans, twice; then others of the same."""
    collected = Collected()
    shop = Shop(collected)
    shop.order()
    headers = {"authorization": f"Bearer {TOKEN}"}
    revisions = []
    for number in range(3):
        if number == 2:
            collected.spans.clear()
            shop.order()
        async with served(tmp_path) as (_, address):
            exporter = OTLPSpanExporter(address, headers=headers)
            await asyncio.to_thread(exporter.export, collected.spans)
            # As a sender does that has heard no answer.
            await asyncio.to_thread(exporter.export, collected.spans)
            exporter.shutdown()  # type: ignore[no-untyped-call]  # it has no types
        async with opened(tmp_path) as cmdb:
            revisions.append(await cmdb.revision())
            found = await graph(cmdb)
            assert set(found) == GRAPH
            assert {f"{c} {e[:27]}" for c, e in found.values() if e} == {
                "0.4 traced: fewer than 10 calls"
            }
    assert len(set(revisions)) == 1


async def test_a_service_that_fails_shows_as_a_share_of_errors(tmp_path: Path) -> None:
    collected = Collected()
    shop = Shop(collected)
    for number in range(20):
        shop.order(broken=number < 5)
    async with served(tmp_path) as (_, address), httpx.AsyncClient() as client:
        headers = {
            "authorization": f"Bearer {TOKEN}",
            "content-type": "application/x-protobuf",
        }
        answer = await client.post(address, content=encoded(collected.spans), headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
    async with opened(tmp_path) as cmdb:
        found = await graph(cmdb)
    assert "about 20 % of them failed" in found["web DEPENDS_ON orders"][1]
    assert "hardly any failed" in found["web DEPENDS_ON cart"][1]


async def test_a_database_that_others_see_is_one_item(tmp_path: Path) -> None:
    """The server says the same of itself to the scanner of databases."""
    collected = Collected()
    Shop(collected).order()
    file = tmp_path / "traces.pb"
    file.write_bytes(encoded(collected.spans))
    traced = await run_scan(TRACES, TracesSettings(), [str(file)])
    server = DatabaseServer(
        "10.0.0.5", "10.0.0.5", 5432, "postgresql", "17.2", (Database("orders"),)
    )
    own = parse_databases(
        DatabasesPayload(("postgresql://10.0.0.5",), (server,)),
        DatabasesSettings(),
        datetime.now(UTC),
    )
    async with opened(tmp_path) as cmdb:
        for source, seen in (("traces", traced.observations), ("databases", own.observations)):
            await cmdb.load_scan(source, "test", seen, full_scope=False)
        for identifier in (
            "endpoint:default/tcp/10.0.0.5:5432",
            "name:Database/default/tcp/10.0.0.5:5432/orders",
        ):
            item = await cmdb.find(identifier)
            assert {report.source for report in item.reports} == {"traces", "databases"}
