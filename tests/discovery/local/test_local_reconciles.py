"""What the local scanner says becomes the right items, whoever scans, and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from cmdb.catalogue import builtin
from cmdb.ingest import Ingest, Loaded
from cmdb.items import Item, ItemObservation, LinkObservation
from cmdb.reconcile.items import Rules
from cmdb.revisions import Run
from cmdb.store.sqlite import SqliteStore
from discovery.local import SCANNER, LocalSettings
from discovery.machine.payload import MachinePayload
from discovery.scanner import decode_payload

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RECORDINGS = Path(__file__).parent / "recordings"


def recording(name: str) -> MachinePayload:
    return decode_payload(SCANNER, (RECORDINGS / f"{name}.json").read_bytes())


async def load(store: SqliteStore, payload: MachinePayload, minutes: int = 0) -> Loaded:
    time = NOW + timedelta(minutes=minutes)
    parsed = SCANNER.parse(payload, LocalSettings(), time)
    run = Run(f"run-{minutes}", "local", time, scope=parsed.scope, full_scope=parsed.full)
    return await Ingest(store, Rules(builtin()), "test").load(
        [o for o in parsed.observations if isinstance(o, ItemObservation)],
        [o for o in parsed.observations if isinstance(o, LinkObservation)],
        run,
        reason="test",
    )


async def items(store: SqliteStore) -> list[Item]:
    return [value async for value in store.stream() if isinstance(value, Item)]


async def test_a_second_scan_changes_nothing() -> None:
    store = await SqliteStore.open(":memory:")
    first = await load(store, recording("root"))
    second = await load(store, recording("root"), minutes=1)
    assert first.run.counts["created"] == 9
    assert first.rejected == []
    assert second.run.counts.get("created", 0) == second.run.counts.get("updated", 0) == 0
    assert second.revisions == []
    await store.close()


async def test_connections_to_machines_nobody_scanned_wait() -> None:
    store = await SqliteStore.open(":memory:")
    loaded = await load(store, recording("root"))
    assert {w.report.to_key for w in loaded.waiting} == {
        "endpoint:default/tcp/10.77.0.2:443",
        "endpoint:default/tcp/10.77.0.2:5432",
    }
    await store.close()


async def test_a_scan_without_rights_finds_the_same_items_and_retires_nothing() -> None:
    store = await SqliteStore.open(":memory:")
    await load(store, recording("root"))
    after = await load(store, recording("user"), minutes=1)
    assert after.run.counts.get("created", 0) == 0
    assert {item.status for item in await items(store)} == {"active"}
    assert len(await items(store)) == 9
    await store.close()


async def test_software_that_is_gone_from_a_full_scan_is_missing() -> None:
    store = await SqliteStore.open(":memory:")
    full = recording("root")
    await load(store, full)
    redis = {s for s in full.sockets if 6379 in (s.port, s.remote_port)}
    less = msgspec.structs.replace(full, sockets=tuple(s for s in full.sockets if s not in redis))
    await load(store, less, minutes=1)
    assert [i.name for i in await items(store) if i.status == "missing"] == ["redis on shop1"]
    await store.close()


async def test_two_clones_with_one_machine_id_are_two_machines() -> None:
    store = await SqliteStore.open(":memory:")
    one = recording("root")
    two = msgspec.structs.replace(
        one,
        machine=msgspec.structs.replace(one.machine, hostname="shop2", fqdn="shop2.example.org"),
        interfaces=tuple(
            msgspec.structs.replace(i, mac="52:54:00:77:00:09", addresses=("10.77.0.9/24",))
            for i in one.interfaces
        ),
        containers=(),
    )
    await load(store, one)
    await load(store, two, minutes=1)
    machines = [i for i in await items(store) if i.kind == "VirtualMachine"]
    assert sorted(m.name for m in machines) == ["shop1", "shop2"]
    assert await store.shared_identifiers() == ["machine-id:0c0f2a9d5d4b4a0e8f5f0a3c2b1d4e5f"]
    await store.close()


async def test_a_connection_joins_the_software_of_another_scanned_machine() -> None:
    store = await SqliteStore.open(":memory:")
    here = recording("root")
    there = msgspec.structs.replace(
        here,
        machine=msgspec.structs.replace(
            here.machine, hostname="db1", fqdn="db1.example.org", machine_id="ef" * 16
        ),
        interfaces=tuple(
            msgspec.structs.replace(i, mac="52:54:00:77:00:02", addresses=("10.77.0.2/24",))
            for i in here.interfaces
        ),
        sockets=tuple(s for s in here.sockets if s.port == 5432 and not s.remote_address),
        containers=(),
    )
    await load(store, here)
    joined = await load(store, there, minutes=1)
    assert joined.run.counts["joined"] == 1
    assert len(await store.waiting()) == 1
    await store.close()
