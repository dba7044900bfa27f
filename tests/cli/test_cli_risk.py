"""`cmdb risk` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmdb.cli.main import run_main


@pytest.fixture(autouse=True)
def _store(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", demo)


WINDOW = ("--start", "2026-11-24T07:00Z", "--end", "2026-11-24T10:00Z")


def test_risk_prints_a_sum_and_is_a_gate(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main(["risk", "dc1-hv03", *WINDOW, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["total"] == round(sum(f["points"] for f in found["factors"]), 1)
    assert found["factors"][0]["factor"] == "services"
    assert found["start"] == "2026-11-24T07:00:00Z"
    assert run_main(["risk", "dc1-hv03", *WINDOW]) == 0
    said = capfd.readouterr().out
    assert f"Risk {found['total']:g} of 100" in said
    assert "search@production goes down with dc1-hv03 alone" in said
    for most, status in ((found["total"], 0), (found["total"] - 0.1, 1), ("nan", 2)):
        assert run_main(["risk", "dc1-hv03", *WINDOW, "--max-risk", str(most)]) == status


def test_weights_and_hours_are_settings(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDB_RISK_WEIGHTS", '{"window": 900}')
    monkeypatch.setenv("CMDB_BUSINESS_HOURS", "tue-tue 07:00-09:00")
    assert run_main(["risk", "dc1-hv03", *WINDOW, "--json"]) == 0
    (window,) = (
        f for f in json.loads(capfd.readouterr().out)["factors"] if f["factor"] == "window"
    )
    assert (window["value"], window["weight"]) == (0.25, 90.9)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody-knows"], "There is no item"),
        (["dc1-hv03", "--start", "2026-11-24T07:00Z"], "only one of them is given"),
        (["dc1-hv03", *WINDOW[:3], "2026-11-24T07:00Z"], "must end after it starts"),
        (["dc1-hv03", "--start", "soon", "--end", "later"], "--start: must be a time such as"),
        (["dc1-hv03", "--max-risk", "101"], "'--max-risk'"),
        (["dc1-hv03", "--at", "99"], "There is no revision 99"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["risk", *arguments]) == 2
    assert said in capfd.readouterr().err


def test_weights_that_can_t_be_used_are_said(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDB_RISK_WEIGHTS", '{"luck": 1}')
    assert run_main(["risk", "dc1-hv03"]) == 2
    assert "There is no risk factor 'luck'" in capfd.readouterr().err


def test_collisions_with_planned_failures_count(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    tonight = tmp_path / "tonight.jsonl"
    row = {"name": "patch", "items": ["orders-db-2"], "start": WINDOW[1], "end": WINDOW[3]}
    tonight.write_text(json.dumps(row))
    beside = ("--planned", str(tonight))
    assert run_main(["risk", "orders-db-1", *WINDOW, *beside, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    (counted,) = (f for f in found["factors"] if f["factor"] == "collisions")
    assert (counted["value"], counted["evidence"][0]["id"]) == (0.5, "patch")
    assert run_main(["risk", "orders-db-1", *WINDOW, *beside]) == 0
    assert "collisions: Together with patch, ApiEndpoint checkout" in capfd.readouterr().out
    assert run_main(["risk", "orders-db-1", *WINDOW, *beside, "--compare", "1", "--json"]) == 0
    compared = {f["factor"]: f for f in json.loads(capfd.readouterr().out)["factors"]}["collisions"]
    assert (compared["before"], compared["after"]) == (0, 5)
    assert compared["before_sentence"] == "It collides with no other planned failure."
    for arguments, said in (
        (beside, "give the start and the end of this one"),
        ((*WINDOW, "--planned", str(tmp_path / "none")), "can't be read"),
    ):
        assert run_main(["risk", "orders-db-1", *arguments]) == 2
        assert said in capfd.readouterr().err
