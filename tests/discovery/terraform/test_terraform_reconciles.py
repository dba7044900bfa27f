"""What states say becomes the right items, however often and from however many states."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmdb.items import Item
from cmdb.store.port import Store
from discovery.run import ScanResult, run_scan
from discovery.terraform import SCANNER, TerraformSettings
from tests.discovery.conftest import items_by_name, load_scan
from tests.discovery.terraform.states import SHOP, VERSION_3, WEB, state

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


async def scan(folder: Path, minutes: int = 0) -> ScanResult:
    now = NOW + timedelta(minutes=minutes)
    return await run_scan(SCANNER, TerraformSettings(), [str(folder)], now)


async def machine(store: Store, own: str) -> list[Item]:
    found = [value async for value in store.stream() if isinstance(value, Item)]
    return [item for item in found if f"cloud:{own}" in item.identifiers]


async def test_a_second_scan_changes_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "shop.tfstate").write_bytes(state(SHOP))
    first = await load_scan(store, await scan(tmp_path))
    second = await load_scan(store, await scan(tmp_path, 1))
    assert first.rejected == second.rejected == []
    assert first.run.counts["created"] == 14
    assert second.revisions == []


async def test_one_machine_in_two_states_is_one_item(store: Store, tmp_path: Path) -> None:
    (tmp_path / "shop.tfstate").write_bytes(state(SHOP))
    (tmp_path / "old.tfstate").write_bytes(VERSION_3)
    loaded = await load_scan(store, await scan(tmp_path))
    assert loaded.rejected == []
    assert len(await machine(store, WEB[0])) == 1
    assert len(await machine(store, WEB[1])) == 1


async def test_what_a_state_no_longer_has_is_missing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "shop.tfstate").write_bytes(state(SHOP))
    await load_scan(store, await scan(tmp_path))
    less = [entry for entry in SHOP if entry["type"] != "aws_sqs_queue"]
    (tmp_path / "shop.tfstate").write_bytes(state(less))
    await load_scan(store, await scan(tmp_path, 1))
    lost = {name for name, item in (await items_by_name(store)).items() if item.status == "missing"}
    assert lost == {"orders"}


async def test_a_run_that_could_not_read_a_file_retires_nothing(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "shop.tfstate").write_bytes(state(SHOP))
    (tmp_path / "old.tfstate").write_bytes(VERSION_3)
    await load_scan(store, await scan(tmp_path))
    (tmp_path / "shop.tfstate").write_bytes(json.dumps({"version": 9}).encode())
    found = await scan(tmp_path, 1)
    assert found.partial
    await load_scan(store, found)
    assert {item.status for item in (await items_by_name(store)).values()} == {"active"}
