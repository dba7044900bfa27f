"""Running nmap against daemons of the test, and reading files beside it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cmdb.errors import InvalidInput, InvalidSettings
from cmdb.items import ItemObservation
from discovery.network import SCANNER, NetworkSettings
from discovery.network.fetch import arguments
from discovery.run import ScanResult, run_scan
from tests.discovery.network.scans import host, scan


@pytest.fixture(scope="module")
def nmap() -> None:
    if shutil.which("nmap"):
        return
    how = "no nmap to test with: run `apt-get install nmap`"
    if os.environ.get("CI") == "true":
        pytest.fail(f"There is {how}")
    pytest.skip(how)


@pytest.fixture(scope="module")
def web_port() -> Iterator[int]:
    """Where Python's own web server listens on loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


async def read(*targets: object, **settings: object) -> ScanResult:
    return await run_scan(
        SCANNER,
        NetworkSettings(**settings),  # type: ignore[arg-type]
        [str(target) for target in targets],
    )


@pytest.mark.usefixtures("nmap")
async def test_a_real_nmap_finds_a_real_daemon(web_port: int) -> None:
    found = await read("127.0.0.1", ports=str(web_port))
    assert found.errors == ()
    assert found.full_scope
    assert (found.counts["Server"], found.counts["SoftwareInstance"]) == (1, 1)
    products = [
        o.properties.get("product") for o in found.observations if isinstance(o, ItemObservation)
    ]
    assert any("SimpleHTTPServer" in str(product) for product in products)


@pytest.mark.usefixtures("nmap")
async def test_a_name_that_leads_nowhere_is_a_failure_of_its_own(web_port: int) -> None:
    found = await read("127.0.0.1", "none.invalid", ports=str(web_port), versions=False)
    assert found.counts["SoftwareInstance"] == 1
    assert any("none.invalid" in error for error in found.errors)
    assert not found.full_scope


async def test_nmap_is_stopped_when_its_time_is_up(tmp_path: Path) -> None:
    slow = tmp_path / "nmap"
    begun = scan(host("10.0.0.5"), host("10.0.0.6")).decode().partition("<runstats>")[0]
    waits = f"exec {sys.executable} -c 'import signal; signal.pause()'"
    slow.write_text(f"#!/bin/sh\ncat <<'E'\n{begun}\nE\n{waits}\n")
    slow.chmod(slow.stat().st_mode | stat.S_IXUSR)
    found = await read("10.0.0.0/24", program=slow, timeout=1)
    assert found.counts["Server"] == 2
    assert any("stopped after 1 seconds" in error for error in found.errors)
    assert not found.full_scope


async def test_a_missing_nmap_is_told_of_with_what_to_do() -> None:
    with pytest.raises(InvalidInput, match="install it, or set program"):
        await read("127.0.0.1", program="/none/nmap")


async def test_one_bad_file_of_many_is_a_partial_run(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_bytes(scan(host("10.0.0.5")))
    (tmp_path / "bad.xml").write_bytes(b"<html/>")
    found = await read(tmp_path / "good.xml", tmp_path / "bad.xml")
    assert found.counts["Server"] == 1
    assert found.partial
    assert str(tmp_path / "bad.xml") in found.errors[0]
    with pytest.raises(InvalidInput, match="its root is html"):
        await read(tmp_path / "bad.xml")
    with pytest.raises(InvalidInput, match="No such file"):
        await read(tmp_path / "none.xml")


@pytest.mark.parametrize("target", ["-iL/etc/passwd", "--script=x", "a b", "$(id)", "10.0.0.0/99"])
async def test_what_is_no_target_never_reaches_nmap(target: str) -> None:
    with pytest.raises(InvalidInput, match="is nothing to scan"):
        await read(target)


async def test_nothing_is_scanned_that_is_not_named() -> None:
    with pytest.raises(InvalidInput, match="Nothing is scanned unless it is named"):
        await read()
    with pytest.raises(InvalidInput, match="16777216 addresses, more than the 4096"):
        await read("10.0.0.0/8")


async def test_settings_that_nmap_would_misread_are_refused() -> None:
    for wrong in ({"ports": "22 --script x"}, {"hosts_at_once": 0}, {"timeout": -1}):
        with pytest.raises(InvalidSettings):
            await read("127.0.0.1", **wrong)


def test_the_same_targets_in_any_order_are_the_same_scan() -> None:
    one = arguments(NetworkSettings(ports="22"), ["b.example", "10.0.0.1"])
    assert one == arguments(NetworkSettings(ports="22"), ["10.0.0.1", "b.example"])
    assert one[-3:] == ["--", "10.0.0.1", "b.example"]
