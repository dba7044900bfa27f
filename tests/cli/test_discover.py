"""``cmdb discover``, ``cmdb scan --to`` and what ``cmdb serve`` discovers, by hand."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdb.app import serve
from cmdb.cli.main import run_main
from cmdb.service import Cmdb
from cmdb.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
Said = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    monkeypatch.setenv("CMDB_SPOOL_FOLDER", str(tmp_path / "spool"))
    shutil.copy(EXAMPLES / "shop.tfstate", tmp_path)


def _jobs(**tables: str) -> None:
    text = "\n".join(f"[{name}]\n{table}" for name, table in tables.items())
    Path("discovery.toml").write_text(text)


STATES = 'scanner = "terraform"\ntargets = ["shop.tfstate"]\nevery = "6h"'


def _json(said: Said, *arguments: str, status: int = 0) -> Any:
    said.readouterr()
    assert run_main([*arguments, "--json"]) == status
    return json.loads(said.readouterr().out)


def test_all_jobs_of_the_file_are_run(capfd: Said) -> None:
    _jobs(states=STATES, network=f'scanner = "network"\ntargets = ["{EXAMPLES / "network.xml"}"]')
    first = _json(capfd, "discover")["jobs"]
    assert [(job["job"], job["status"]) for job in first] == [
        ("states", "complete"),
        ("network", "complete"),
    ]
    assert all(job["counts"]["created"] > 0 for job in first)
    again = _json(capfd, "discover")["jobs"]
    assert [job["revisions"] for job in again] == [0, 0]
    assert [one["source"] for one in _json(capfd, "sources")["sources"]] == ["network", "terraform"]


def test_a_job_is_run_by_its_name(capfd: Said) -> None:
    _jobs(states=STATES, network='scanner = "network"\ntargets = ["none.xml"]')
    assert [job["job"] for job in _json(capfd, "discover", "states")["jobs"]] == ["states"]
    assert run_main(["discover", "state"]) == 2
    assert "has no job 'state' (did you mean states?)" in capfd.readouterr().err


def test_a_part_that_fails_is_status_4_and_named(capfd: Said) -> None:
    _jobs(states=STATES, other='scanner = "terraform"\ntargets = ["none.tfstate"]')
    assert run_main(["discover"]) == 4
    said = capfd.readouterr()
    assert "other: none.tfstate can't be read: No such file or directory." in said.err
    assert "complete" in said.out
    failed = _json(capfd, "runs")["runs"][0]
    assert (failed["source"], failed["status"]) == ("terraform", "failed")


def test_a_source_that_is_away_is_status_3_and_a_failed_run(capfd: Said) -> None:
    _jobs(away='scanner = "terraform"\ntargets = ["http://127.0.0.1:9/state"]\nretries = 0')
    assert run_main(["discover"]) == 3
    assert run_main(["scan", "terraform", "http://127.0.0.1:9/state"]) == 3
    capfd.readouterr()
    (one,) = _json(capfd, "sources")["sources"]
    assert (one["failures"], one["last_success"]) == (2, None)
    assert "127.0.0.1:9 can't be reached" in one["latest"]["errors"][0]


def test_a_dry_run_writes_nothing(capfd: Said) -> None:
    _jobs(states=STATES)
    assert _json(capfd, "discover", "--dry-run")["jobs"][0]["counts"]["created"] > 0
    assert _json(capfd, "runs")["runs"] == []
    assert run_main(["discover", "--dry-run", "--to", "http://127.0.0.1:9"]) == 2


def test_the_jobs_are_listed_without_running(capfd: Said) -> None:
    _jobs(states=STATES + '\n[states.settings]\npassword = "env:NOT_THERE"')
    (job,) = _json(capfd, "discover", "--list")["jobs"]
    assert (job["schedule"], job["settings"]) == ("every 6 h", ["password"])
    assert run_main(["discover", "--list"]) == 0
    assert "every 6 h" in capfd.readouterr().out


def test_without_a_file_one_is_shown(capfd: Said) -> None:
    assert run_main(["discover"]) == 2
    assert 'scanner = "local"' in capfd.readouterr().err


def test_a_scan_for_a_server_that_is_away_is_kept_and_sent_later(
    capfd: Said, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    to = ("--to", f"http://127.0.0.1:{port}")
    assert run_main(["scan", "terraform", "shop.tfstate", *to]) == 0
    assert "is away. The run is kept" in capfd.readouterr().out
    assert len(list((tmp_path / "spool" / f"127.0.0.1_{port}").glob("*.ndjson"))) == 1

    async def served() -> None:
        cmdb = await Cmdb.open(Settings(state_folder=tmp_path))
        ready = asyncio.Event()
        task = asyncio.create_task(serve(cmdb, port=port, on_ready=lambda _: ready.set()))
        await ready.wait()
        status = await asyncio.to_thread(
            run_main, ["scan", "terraform", "shop.tfstate", *to, "--json"]
        )
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert status == 0
        runs = await cmdb.store.runs()
        assert [run.counts.get("created", 0) for run in runs] == [0, 14]
        await cmdb.close()

    asyncio.run(served())
    assert json.loads(capfd.readouterr().out)["status"] == "complete"


def test_output_and_to_exclude_each_other(capfd: Said) -> None:
    wrong = ["scan", "terraform", "shop.tfstate", "--to", "http://127.0.0.1:9", "-o", "x.jsonl"]
    assert run_main(wrong) == 2
    assert "Give one of --output, --to and --dry-run." in capfd.readouterr().err


async def test_a_server_runs_its_jobs_and_shows_their_runs(tmp_path: Path) -> None:
    _jobs(states=STATES)
    settings = Settings(state_folder=tmp_path, discovery=Path("discovery.toml"))
    cmdb = await Cmdb.open(settings)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(cmdb, port=0, on_ready=address.set_result))
    query = {"query": "{ sources { source lastSuccess latest { status counts } } }"}
    async with httpx.AsyncClient(base_url=await address) as http, asyncio.timeout(60):
        found: list[dict[str, Any]] = []
        while not found or found[0]["lastSuccess"] is None:
            found = (await http.post("/graphql", json=query)).json()["data"]["sources"]
    assert found[0]["source"] == "terraform"
    assert found[0]["latest"]["counts"]["created"] == 14
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await cmdb.close()


def test_a_server_refuses_jobs_that_are_wrong(capfd: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    _jobs(states='scanner = "terrafrom"')
    monkeypatch.setenv("CMDB_DISCOVERY", "discovery.toml")
    assert run_main(["serve", "--port", "0"]) == 2
    assert "discovery.toml:2, states.scanner: must name a scanner" in capfd.readouterr().err
