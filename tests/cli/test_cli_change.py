"""Changes from a pipeline: what is printed, and what it exits with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmdb.cli.main import run_main
from tests.cli.records import load, server

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path}/cmdb.db")
    monkeypatch.setenv("CMDB_ACTOR", "pipeline")
    app = {
        "item": {
            "kind": "ServiceInstance",
            "identifiers": ["key:x/shop"],
            "properties": {"name": "shop", "criticality": "critical"},
        }
    }
    needs = {"link": {"relation": "DEPENDS_ON", "from": "key:x/shop", "to": "serial:web"}}
    assert load(tmp_path / "seen.jsonl", server("web"), server("spare"), app, needs) == 0


def ask(capfd: pytest.CaptureFixture[str], *words: str, status: int = 0) -> Any:
    capfd.readouterr()
    assert run_main([*words, "--json"]) == status, capfd.readouterr().err
    return json.loads(capfd.readouterr().out)


def test_a_pipeline_opens_what_the_policy_approves(capfd: pytest.CaptureFixture[str]) -> None:
    made = ask(
        capfd, "change", "open", "Deploy", "--item", "serial:spare=deploy", "--deployment",
        "--commit", "abc", "--committed-at", "2026-11-01T00:00Z", "--start", "2026-11-01T00:00Z",
        "--end", "2036-11-01T00:00Z", "--submit", "--set", "implementation_plan=x",
        "--set", "backout_plan=x", "--set", "test_plan=x",
    )  # fmt: skip
    assert made["held"] is False
    assert made["ruling"]["ruling"] == "approved"
    assert made["ruling"]["rule"] == "low"
    assert made["properties"]["commit"] == "abc"
    assert made["properties"]["deployment"] is True
    number = made["number"]
    started = ask(capfd, "change", "start", number)
    assert started["properties"]["state"] == "implement"
    assert started["properties"]["assigned_to"] == "pipeline"
    ended = ask(capfd, "change", "finish", number, "--outcome", "backed-out", "--notes", "Red.")
    assert ended["properties"]["close_code"] == "backed_out"


def test_a_pipeline_is_held_where_somebody_must_agree(capfd: pytest.CaptureFixture[str]) -> None:
    made = ask(
        capfd, "change", "open", "Deploy", "--service", "shop", "--item", "serial:web=replace",
        "--start", "2030-01-01T00:00Z", "--end", "2030-01-01T01:00Z", "--submit",
        "--set", "implementation_plan=x", "--set", "backout_plan=x", "--set", "test_plan=x",
        status=1,
    )  # fmt: skip
    assert made["held"] is True
    assert made["ruling"]["authorities"]
    again = ask(capfd, "change", "assess", made["number"], status=1)
    assert again["held"] is True
    assert run_main(["change", "start", made["number"]]) == 1
    assert "not approved yet" in capfd.readouterr().err


def test_without_an_item_a_deployment_is_of_its_service(capfd: pytest.CaptureFixture[str]) -> None:
    made = ask(capfd, "change", "open", "Deploy", "--service", "shop", "--deployment")
    view = ask(capfd, "change", "show", made["number"])
    assert [(i["name"], i["action"]) for i in view["items"]] == [("shop", "deploy")]
    assert [i["name"] for i in view["affected"]] == ["shop"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("assess",), "Name a change, or a plan"),
        (("assess", "CHG0000001", "--plan", "x.json"), "Name a change, or a plan"),
        (("assess", "CHG0000001", "--strict"), "are for plans"),
        (("show", "CHG0000009"), "no item"),
        (("open", "X", "--item", "serial:web=explode"), "no action 'explode'"),
        (("open", "X", "--end", "2026-01-01T00:00Z", "--start", "2026-01-02T00:00Z"), "end before"),
        (("unauthorized", "--open", "web"), "ITEM@REVISION"),
        (("unauthorized", "--since", "yore"), "can't be read"),
        (("step", "CHG0000001"), "Say what step to add"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(
    words: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["change", *words]) == 2
    shown = capfd.readouterr()
    assert said in re.sub(r"\s+", " ", shown.err)
    assert "Traceback" not in shown.err


def test_windows_are_added_and_listed(capfd: pytest.CaptureFixture[str]) -> None:
    ask(
        capfd, "window", "add", "maintenance", "--start", "2030-01-05T22:00", "--end",
        "2030-01-06T02:00", "--zone", "Europe/Berlin", "--rule", "FREQ=WEEKLY;BYDAY=SA",
        "--affects", "serial:web",
    )  # fmt: skip
    (row,) = ask(capfd, "window", "list")["windows"]
    assert (row["number"], row["affects"], row["next"]) == (
        "MWN0000001", ["web"], "2030-01-05T21:00:00Z"
    )  # fmt: skip
    found = ask(capfd, "change", "calendar", "--from", "2030-01-01", "--to", "2030-01-31")
    assert [e["start"][:10] for e in found["entries"]] == [
        "2030-01-05", "2030-01-12", "2030-01-19", "2030-01-26"
    ]  # fmt: skip
    assert run_main(["window", "add", "freeze", "--start", "x", "--end", "y"]) == 2


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_the_example_pipelines_run(name: str, tmp_path: Path) -> None:
    """The shell of the examples in the order of their jobs, without the deployment itself."""
    dated = subprocess.run(["date", "-u", "-d", "+1 hour"], capture_output=True, check=False)
    if dated.returncode != 0 and not os.environ.get("CI"):
        pytest.skip("needs the date of GNU coreutils, as the runners of both have it")
    jobs = yaml.safe_load((EXAMPLES / name).read_text("utf-8"))
    script = "\n".join(_scripts(jobs))
    assert script.count("cmdb change") >= 3
    deploy = tmp_path / "deploy.sh"
    deploy.write_text("#!/bin/sh\nexit 0\n")
    deploy.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "SERVICE": "key:x/shop",
            "ITEM": "serial:spare",
            "COMMIT": "abc",
            "COMMITTED_AT": "2026-11-01T00:00:00Z",
            "OUTCOME": "successful",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert run_main(["change", "list", "--state", "review"]) == 0


def _scripts(jobs: Any) -> list[str]:
    """Every shell line of a workflow, in order."""
    found: list[str] = []
    for job in (jobs.get("jobs") or jobs).values():
        if not isinstance(job, dict):
            continue
        for step in job.get("steps", [job]):
            script = step.get("run") or step.get("script") or []
            found += [script] if isinstance(script, str) else script
            if isinstance(step.get("after_script"), list):
                found += step["after_script"]
    return found
