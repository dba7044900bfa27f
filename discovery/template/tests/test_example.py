"""The scanner on the inventory beside it: what it sees, and what it says of a file that is none."""

import asyncio
from pathlib import Path

from cmdb_example import SCANNER, ExampleSettings

from discovery.run import ScanResult, run_scan

INVENTORY = Path(__file__).parents[1] / "inventory.json"


def scan(*targets: object) -> ScanResult:
    return asyncio.run(run_scan(SCANNER, ExampleSettings(), [str(target) for target in targets]))


def test_an_inventory_is_machines_software_and_needs() -> None:
    found = scan(INVENTORY)
    assert found.counts == {
        "items": 4,
        "links": 3,
        "DEPENDS_ON": 1,
        "RUNS_ON": 2,
        "Server": 2,
        "SoftwareInstance": 2,
    }
    assert found.full_scope


def test_a_file_that_is_no_inventory_leaves_the_rest(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    found = scan(INVENTORY, tmp_path / "page.html")
    assert found.partial
    assert "page.html is no inventory" in found.errors[0]
    assert found.counts["items"] == 4
