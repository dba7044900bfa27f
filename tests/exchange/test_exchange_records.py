"""Records from tables: the maps in docs/examples/records, from CSV and from a workbook."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cmdb.cli.main import run_main

EXAMPLES = Path(__file__).parents[2] / "docs/examples/records"
ITEMS = [
    ("ServiceInstance", "key:scan/checkout", "checkout@production"),
    ("ServiceInstance", "key:scan/payments", "payments@production"),
    ("Server", "fqdn:dc1-db01.example.org", "dc1-db01"),
    ("Server", "fqdn:dc1-db02.example.org", "dc1-db02"),
    ("Server", "fqdn:dc1-db03.example.org", "dc1-db03"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    lines = [
        json.dumps({"item": {"kind": k, "identifiers": [i], "properties": {"name": n}}})
        for k, i, n in ITEMS
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(lines) + "\n")
    assert run_main(["import", "items.jsonl"]) == 0
    return tmp_path


def imported(file: Path, mapping: Path, *more: str) -> int:
    return run_main(["import", str(file), "--map", str(mapping), "--source", "desk", *more])


def shown(name: str, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capfd.readouterr()
    assert run_main(["show", name, "--json"]) == 0
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    return found


def links(name: str, capfd: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    found = shown(name, capfd)["links"]
    return sorted((k["relation"], k["name"]) for k in found if k["outgoing"])


def workbook_of(file: Path, to: Path) -> Path:
    """A CSV file as a workbook, its German times as the dates that spreadsheets keep."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    with file.open(newline="") as stream:
        for row in csv.reader(stream):
            sheet.append([dated(cell) for cell in row])
    book.save(to)
    return to


def dated(cell: str) -> str | datetime:
    try:
        return datetime.strptime(cell, "%d.%m.%Y %H:%M")  # noqa: DTZ007 - as sheets keep them
    except ValueError:
        return cell


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_records_come_with_their_states_times_and_links(
    home: Path, capfd: pytest.CaptureFixture[str], form: str
) -> None:
    for name in ("changes", "incidents"):
        file = EXAMPLES / f"{name}.csv"
        if form == "xlsx":
            file = workbook_of(file, home / f"{name}.xlsx")
        assert imported(file, EXAMPLES / f"{name}.toml") == 0
    said = capfd.readouterr().out
    assert "leads nowhere: key:desk/T-1043 AFFECTS what is called till 3 in Lyon" in said
    one = shown("T-1043", capfd)
    assert one["kind"] == "Incident"
    assert one["identifiers"] == ["key:desk/T-1043"]
    assert one["properties"] == {
        "name": "T-1043",
        "number": "T-1043",
        "short_description": "A shop in Lyon can't pay",
        "state": "resolved",
        "impact": 3,
        "assignment_group": "Payments",
        "opened_at": "2026-03-25T08:20:00Z",
        "resolved_at": "2026-03-25T09:40:00Z",
    }
    assert links("T-1041", capfd) == [("AFFECTS", "checkout@production"), ("AFFECTS", "dc1-db01")]
    assert links("T-1043", capfd) == [
        ("AFFECTS", "payments@production"), ("CAUSED_BY", "C-77"), ("CHILD_OF", "T-1042"),
    ]  # fmt: skip
    assert links("C-78", capfd) == [("CHANGES", f"dc1-db0{n}") for n in (1, 2, 3)]
    # Summer time began in between.
    assert shown("C-78", capfd)["properties"]["start_date"] == "2026-04-02T20:00:00Z"


def test_what_was_imported_goes_on_here(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("changes", "incidents"):
        assert imported(EXAMPLES / f"{name}.csv", EXAMPLES / f"{name}.toml") == 0
    assert run_main(["incident", "edit", "T-1041", "--note", "The replica is behind."]) == 0
    said = {"close_code": "fixed", "close_notes": "Restarted."}
    words = [word for name, value in said.items() for word in ("--set", f"{name}={value}")]
    assert run_main(["incident", "edit", "T-1041", "--to", "resolved", *words]) == 0
    props = shown("T-1041", capfd)["properties"]
    assert (props["state"], props["impact"], props["priority"]) == ("resolved", 2, 3)


def test_the_same_again_changes_nothing_and_ours_stay_apart(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["incident", "open", "Ours"]) == 0
    (home / "theirs.csv").write_text("Ticket,Subject\nINC0000001,Theirs\n")
    (home / "map.toml").write_text(
        'kind = "Incident"\n[columns]\nTicket = ["name", "number", "key:desk/"]\n'
        'Subject = "short_description"\n'
    )
    assert imported(home / "theirs.csv", home / "map.toml") == 0
    assert shown("key:operator/INC0000001", capfd)["properties"]["short_description"] == "Ours"
    assert shown("key:desk/INC0000001", capfd)["properties"]["short_description"] == "Theirs"
    assert run_main(["incident", "show", "INC0000001"]) == 2
    assert "is the name of several items" in capfd.readouterr().err
    assert imported(home / "theirs.csv", home / "map.toml") == 0
    assert "Nothing changed." in capfd.readouterr().out


def test_a_dry_run_knows_the_items_of_the_same_file(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / "both.csv").write_text(
        "kind,name,key,Hit\nServer,new1,desk/new1,\nIncident,T-1,desk/T-1,new1\n"
    )
    (home / "map.toml").write_text('[columns]\nHit = { relation = "AFFECTS", by = ["name"] }\n')
    assert imported(home / "both.csv", home / "map.toml", "--dry-run") == 0
    said = capfd.readouterr().out
    assert "+ AFFECTS Incident T-1 -> Server new1" in said
    assert "leads nowhere" not in said


def test_cells_may_be_set_apart_otherwise_and_each_part_has_its_meaning(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (home / "in.csv").write_text('Ticket;Hit\nT-1;"Main database, n/a, checkout@production"\n')
    (home / "map.toml").write_text(
        'kind = "Incident"\n[columns]\nTicket = ["name", "key:desk/"]\n'
        'Hit = { relation = "AFFECTS", by = ["name"], separator = "," }\n'
        '[values.Hit]\n"Main database" = "dc1-db01"\n"n/a" = ""\n'
    )
    assert imported(home / "in.csv", home / "map.toml") == 0
    assert "leads nowhere" not in capfd.readouterr().out
    assert links("T-1", capfd) == [("AFFECTS", "checkout@production"), ("AFFECTS", "dc1-db01")]


@pytest.mark.parametrize(
    ("mapping", "row", "said"),
    [
        (
            '[times]\nzone = "Europe/Pariss"',
            "2026-03-01T10:00",
            "times.zone: There is no time zone",
        ),
        ('[times]\nformat = "%d.%Q"', "1.1.2026", "times.format: '%d.%Q' is no format of times"),
        ('[times]\nformat = "%d.%m.%Y"', "2026-03-01", "must be a time such as 24.11.2026, not"),
        ('[times]\nzone = "Europe/Paris"', "2026-03-29T02:30", "does not exist in Europe/Paris"),
        ('[times]\nzon = "UTC"', "2026-03-01", "unknown field `zon`"),
        ('[columns]\nHit = { relation = "AFFECTS", by = ["fqdm"] }', "", "did you mean fqdn?"),
        (
            '[columns]\nHit = { relation = "AFFECTS", by = ["name"], reverse = true }',
            "",
            "can have neither namespace nor reverse",
        ),
    ],
)
def test_a_wrong_map_or_time_is_told_and_changes_nothing(
    home: Path, capfd: pytest.CaptureFixture[str], mapping: str, row: str, said: str
) -> None:
    (home / "in.csv").write_text(f"number,key,opened_at,Hit\n1,desk/1,{row},x\n")
    ignored = "" if "Hit" in mapping else 'ignore = ["Hit"]\n'
    (home / "map.toml").write_text(f'kind = "Incident"\n{ignored}{mapping}\n')
    capfd.readouterr()
    assert imported(home / "in.csv", home / "map.toml") == 2
    assert said in capfd.readouterr().err
    assert run_main(["items", "--kind", "Incident", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["total"] == 0
