"""Programs that write observation lines, well and badly."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cmdb.errors import InvalidInput, RemoteUnavailable
from cmdb.items import ItemObservation
from cmdb.store.port import Store
from discovery.program import SCANNER, ProgramSettings
from discovery.run import ScanResult, run_scan
from tests.discovery.conftest import load_scan

A = '{"item": {"kind": "Server", "identifiers": ["serial:A1"], "properties": {"name": "a"}}}'
B = '{"item": {"kind": "Server", "identifiers": ["serial:B2"], "properties": {"name": "b"}}}'
LINK = '{"link": {"relation": "DEPENDS_ON", "from": "serial:A1", "to": "serial:B2"}}'
Script = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def written(body: str) -> str:
        path = tmp_path / "inventory"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return written


async def _scan(*command: str, **settings: object) -> ScanResult:
    async with asyncio.timeout(60):
        return await run_scan(SCANNER, ProgramSettings(**settings), command)  # type: ignore[arg-type]  # given by name


async def test_what_it_writes_is_one_full_scope(script: Script, store: Store) -> None:
    program = script(f"printf '%s\\n' '{A}' '{B}' '{LINK}'")
    found = await _scan(program)
    assert (found.scope, found.full_scope, found.errors) == ("inventory", True, ())
    assert found.counts == {"items": 2, "links": 1, "Server": 2, "DEPENDS_ON": 1}
    assert (await load_scan(store, found)).run.counts["created"] == 2
    assert (await load_scan(store, await _scan(program))).revisions == []


async def test_it_gets_what_it_is_called_with(script: Script) -> None:
    program = script(
        """printf '{"item": {"kind": "Server", "identifiers": ["serial:%s"]}}' "$2" """
    )
    found = await _scan(program, "--hall", "2 & 3")
    (seen,) = found.observations
    assert isinstance(seen, ItemObservation)
    assert seen.identifiers == ("serial:2 & 3".upper().replace("SERIAL", "serial"),)


async def test_status_4_is_a_partial_run(script: Script) -> None:
    found = await _scan(script(f"echo '{A}'; echo 'hall 3 is dark' >&2; exit 4"))
    assert (found.full_scope, found.counts["items"]) == (False, 1)
    assert found.errors == ("inventory could not see everything: hall 3 is dark",)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("echo no rights >&2; exit 9", "inventory ended with status 9: no rights"),
        ("kill -9 $$", "inventory ended with signal 9."),
        ("printf 'a\\n\\377\\n'", "Line 2 of what inventory writes is not UTF-8."),
    ],
)
async def test_a_program_that_fails_brings_nothing(
    script: Script, body: str, expected: str
) -> None:
    with pytest.raises(RemoteUnavailable) as caught:
        await _scan(script(body))
    assert caught.value.message == expected


async def test_a_program_that_hangs_is_ended_with_what_it_started(
    script: Script, tmp_path: Path
) -> None:
    program = script(f"cat /dev/zero >/dev/null & echo $! > {tmp_path / 'child'}; wait")
    with pytest.raises(RemoteUnavailable, match="was ended after 1 seconds"):
        await _scan(program, timeout=1)
    child = int((tmp_path / "child").read_text())
    async with asyncio.timeout(30):
        while _runs(child):  # noqa: ASYNC110  # the kernel tells nobody but the parent
            await asyncio.sleep(0)


def _runs(process: int) -> bool:
    """Whether a process runs; one that ended, and that its parent has not asked for, does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_what_never_ends_is_ended(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("discovery.program.fetch.MOST_BYTES", 1_000_000)
    with pytest.raises(RemoteUnavailable, match=r"inventory writes more than \d+ MiB"):
        await _scan(script("while true; do echo '{}'; done"))


async def test_a_line_that_is_none_leaves_the_others(script: Script) -> None:
    found = await _scan(script(f"echo '{A}'; echo nonsense; echo '{B}'"))
    assert (found.counts["items"], found.full_scope) == (2, False)
    assert found.errors[0].startswith("inventory:2: the line is not JSON")


async def test_a_line_speaks_for_no_other_source(script: Script) -> None:
    forged = A[:-1] + ', "source": "operator", "scope": "everything"}'
    found = await _scan(script(f"echo '{forged}'"), scope="hall-2")
    assert [(seen.source, seen.scope) for seen in found.observations] == [("program", "hall-2")]


async def test_kinds_of_ones_own(script: Script, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[kinds.Robot]\ndescription = "A robot."\nparent = "Server"\n'
    )
    program = script("""echo '{"item": {"kind": "Robot", "identifiers": ["serial:R2"]}}'""")
    assert (await _scan(program)).errors[0].startswith("inventory:1, item.kind:")
    found = await _scan(program, catalogue=(str(tmp_path / "own.toml"),))
    assert found.counts["Robot"] == 1


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"\./none can't be run: No such file"):
        await _scan("./none")
    with pytest.raises(InvalidInput, match="Name the program"):
        await _scan()
