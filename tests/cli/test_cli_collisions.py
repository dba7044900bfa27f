"""`cmdb collisions` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmdb.cli.main import run_main

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _store(demo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDB_STORE", demo)


def change(name: str, *items: str, hour: int = 22, **more: Any) -> dict[str, Any]:
    span = {"start": f"2026-11-24T{hour}:00Z", "end": f"2026-11-24T{hour + 1}:00Z"}
    return {"name": name, "items": [*items], **span, **more}


CHANGES = [
    change("database", "orders-db-1"),
    change("standby", "orders-db-2"),
    change("core 1", "dc1-core-sw1", hour=20),
    change("core 2", "dc1-core-sw2", hour=20),
    change("core 2 again", "dc1-core-sw2", hour=21),
]


@pytest.mark.parametrize("as_lines", [False, True])
def test_collisions_are_found_in_lists_and_lines(
    as_lines: bool, tmp_path: Path, capfd: Captured
) -> None:
    file = tmp_path / "tonight"
    lines = "\n".join(json.dumps(row) for row in CHANGES)
    file.write_text(lines if as_lines else json.dumps(CHANGES))
    capfd.readouterr()
    assert run_main(["collisions", "--planned", str(file), "--json"]) == 1
    found = json.loads(capfd.readouterr().out)
    assert [c["planned"] for c in found["collisions"]] == [
        ["core 1", "core 2"],
        ["database", "standby"],
    ]
    worse = {w["name"]: (w["apart"], w["together"]) for w in found["collisions"][1]["worse"]}
    assert worse["orders@production"] == ("at_risk", "down")
    assert run_main(["collisions", "--planned", str(file)]) == 1
    said = capfd.readouterr().out
    assert "database and standby: 2026-11-24 22:00 to 2026-11-24 23:00 UTC" in said
    assert "2 collisions among 5 planned failures" in said


def test_shared_items_and_radii_are_printed(tmp_path: Path, capfd: Captured) -> None:
    file = tmp_path / "tonight.json"
    rows = [change("one", "dc1-hv03"), change("two", "dc1-hv03", "search@production")]
    file.write_text(json.dumps(rows))
    capfd.readouterr()
    assert run_main(["collisions", "--planned", str(file)]) == 1
    said = capfd.readouterr().out
    assert "both work on Hypervisor dc1-hv03" in said
    assert "two works on ServiceInstance search@production, which is down by one" in said


def test_no_collision_is_success(tmp_path: Path, capfd: Captured) -> None:
    file = tmp_path / "tonight.json"
    file.write_text(json.dumps([CHANGES[0], CHANGES[2]]))
    assert run_main(["collisions", "--planned", str(file)]) == 0
    assert "0 collisions among 2 planned failures" in capfd.readouterr().out
    file.write_text("")
    assert run_main(["collisions", "--planned", str(file)]) == 0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "must be a JSON object"),
        ({"name": "a"}, "items must be a list"),
        ({**CHANGES[0], "items": []}, "items must be a list"),
        ({**CHANGES[0], "items": [5]}, "items must be a list"),
        ({**CHANGES[0], "name": ""}, "name must be a text"),
        ({**CHANGES[0], "host": "a"}, "has the field 'host'"),
        ({**CHANGES[0], "state": "broken"}, "down or degraded"),
        ({**CHANGES[0], "state": 3}, "down or degraded"),
        ({**CHANGES[0], "start": "soon"}, "must be a time"),
        ({**CHANGES[0], "start": None}, "start must be a time"),
        ({**CHANGES[0], "end": CHANGES[0]["start"]}, "must end after it starts"),
        ({**CHANGES[0], "end": "2026-11-24T21:00Z"}, "must end after it starts"),
        ({**CHANGES[0], "items": ["nobody"]}, "There is no item 'nobody'"),
    ],
)
def test_a_wrong_entry_is_said_with_its_place(
    row: Any, said: str, tmp_path: Path, capfd: Captured
) -> None:
    file = tmp_path / "tonight.jsonl"
    line = row if isinstance(row, str) else json.dumps(row)
    file.write_text(f"{json.dumps(CHANGES[1])}\n\n{line}\n")
    capfd.readouterr()
    assert run_main(["collisions", "--planned", str(file)]) == 2
    caught = capfd.readouterr()
    assert caught.out == ""
    assert f"{file}:3" in caught.err
    assert said in caught.err


def test_names_that_come_twice_and_files_that_are_none_are_said(
    tmp_path: Path, capfd: Captured
) -> None:
    file = tmp_path / "tonight.json"
    file.write_text(json.dumps([CHANGES[0], CHANGES[0]]))
    assert run_main(["collisions", "--planned", str(file)]) == 2
    assert "database: two planned failures have this name" in capfd.readouterr().err
    file.write_text("[1,")
    assert run_main(["collisions", "--planned", str(file)]) == 2
    assert "is no JSON" in capfd.readouterr().err
    assert run_main(["collisions", "--planned", str(tmp_path / "none")]) == 2
    assert "can't be read" in capfd.readouterr().err
