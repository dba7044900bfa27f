"""Bad input gets a sentence with file, line and field, exit 2, and changes nothing."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from cmdb.cli.main import run_main

GOOD = json.dumps(
    {"item": {"kind": "Server", "identifiers": ["serial:4C1"], "properties": {"name": "web1"}}}
)


def _item(**changes: object) -> str:
    item = {"kind": "Server", "identifiers": ["serial:4C2"], **changes}
    return json.dumps({"item": item})


def _link(**changes: object) -> str:
    link = {"relation": "DEPENDS_ON", "from": "serial:4C1", "to": "serial:4C2", **changes}
    return json.dumps({"link": link})


CASES: dict[str, tuple[str, str]] = {
    "truncated": (GOOD[:-9], "2: the line ends in the middle of a JSON value"),
    "not JSON": ("kind: Server", "2: the line is not JSON"),
    "20,000 nested brackets": (
        '{"item": {"kind": "Server", "identifiers": ["serial:1A"], "properties": {"name": '
        + "[" * 20_000
        + "]" * 20_000
        + "}}}",
        "2: the line is nested too deeply",
    ),
    "NaN": (
        _item(properties={"memory": float("nan")}),
        "2: the value of 'memory' is NaN, which JSON doesn't know: leave the field out",
    ),
    "infinity": (
        _item(properties={"memory": float("-inf")}),
        "2: the value of 'memory' is -Infinity, which JSON doesn't know: leave the field out",
    ),
    "beyond a float": (_item(properties={"memory": 7}).replace("7", "1e999"), "out of range"),
    "beyond 64 bits": (
        _item(properties={"memory": 2**70}),
        "item.properties.memory: must fit into 64 bits",
    ),
    "a string for a number": (
        _item(properties={"cpu_count": "four"}),
        "2, item.properties.cpu_count: must be a whole number, not 'four'",
    ),
    "a fraction for a whole number": (
        _item(properties={"cpu_count": 1.5}),
        "must be a whole number",
    ),
    "a number for a list": (_item(properties={"labels": 3}), "must be a list of strings"),
    "a choice that is none": (
        _item(properties={"environment": "prod"}),
        "must be one of production, staging, test, development, not 'prod'",
    ),
    "unknown kind": (_item(kind="Sever"), "There is no kind 'Sever' (did you mean Server"),
    "abstract kind": (_item(kind="Host"), "Host is abstract; say which it is: Server"),
    "unknown property": (
        _item(properties={"hostnam": "x"}),
        "a Server has no such property (did you mean hostname",
    ),
    "unknown field": ('{"itm": {}}', "'itm' is not a field of an observation (did you mean item"),
    "no identifier": (_item(identifiers=[]), "a Server needs at least one, such as"),
    "no namespace": (_item(identifiers=["web1"]), "'web1' is no identifier"),
    "unknown namespace": (
        _item(identifiers=["seral:1"]),
        "no identifier namespace (did you mean serial",
    ),
    "identifier of another kind": (
        _item(identifiers=["cidr:default/10.0.0.0/8"]),
        "can't identify a Server",
    ),
    "a broken MAC": (_item(identifiers=["mac:12:34"]), "needs 12 hexadecimal digits"),
    "junk alone": (
        _item(identifiers=["serial:To be filled by O.E.M."]),
        "identify nothing: serial:TO BE FILLED BY O.E.M. is a placeholder of the maker",
    ),
    "unknown relation": (_link(relation="DEPEND_ON"), "did you mean DEPENDS_ON"),
    "wrong end": (
        _link(relation="OWNED_BY", to="serial:4C1", **{"from": "fqdn:a.b"}),
        "OWNED_BY can't lead to a Server",
    ),
    "a link to itself": (_link(to="serial:4C1"), "can't lead from serial:4C1 to itself"),
    "a strength that is none": (_link(strength="firm"), "must be hard or soft"),
    "a gate that can't hold": (
        _link(gate={"name": "g", "min_up": "150%"}),
        "2, link.gate.min_up: 150% must be above 0 % and at most 100 %",
    ),
    "a gate where none may be": (
        _link(relation="LOCATED_IN", gate={"name": "g"}),
        "LOCATED_IN carries no gate",
    ),
    "a negative weight": (_link(weight=-1), "2, link.weight: must be above 0"),
    "too much confidence": (_link(confidence=1.5), "must lie between 0 and 1"),
    "item and link at once": (
        json.dumps({**json.loads(GOOD), **json.loads(_link())}),
        'a line has either "item" or "link"',
    ),
    "a time that is none": (
        json.dumps({**json.loads(GOOD), "time": "yesterday"}),
        "2, time: must be a time such as",
    ),
    "a time to come": (
        json.dumps({**json.loads(GOOD), "time": "2999-01-01"}),
        "lies in the future",
    ),
    "100 MB line": ("x" * 100_000_000, "2: the line is longer than 1,048,576 bytes"),
}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'cmdb.db'}")
    return tmp_path


def _revision(capfd: pytest.CaptureFixture[str]) -> int:
    capfd.readouterr()
    assert run_main(["info", "--json"]) == 0
    return int(json.loads(capfd.readouterr().out)["revision"])


@pytest.mark.parametrize("case", CASES)
def test_a_bad_line_is_refused_with_its_place_and_changes_nothing(
    case: str, store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line, sentence = CASES[case]
    (store / "in.jsonl").write_text(f"{GOOD}\n{line}\n", "utf-8")
    assert run_main(["import", "in.jsonl"]) == 2
    said = capfd.readouterr().err
    assert "in.jsonl:2" in said
    assert sentence in said
    assert "Traceback" not in said
    assert _revision(capfd) == 0


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/{number}.xml", b"\0" * (800 * 1024 * 1024))


def _archive(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "<nothing/>")


def _cut_sheet(path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Server").append(["name"])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part[: len(part) // 2] if "sheet" in name else part)


FILES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "random bytes": (
        "in.jsonl",
        lambda p: p.write_bytes(b"\x00\x01" + os.urandom(5000)),
        "is binary",
    ),
    "gzip": ("in.jsonl", lambda p: p.write_bytes(b"\x1f\x8b\x08" + bytes(50)), "a gzip archive"),
    "Latin-1": ("in.jsonl", lambda p: p.write_bytes(b'{"item": "\xe9"}\n'), "in.jsonl:1"),
    "binary CSV": ("in.csv", lambda p: p.write_bytes(b"\x00\x01\x02"), "is binary"),
    "Latin-1 CSV": (
        "in.csv",
        lambda p: p.write_bytes("kind,name\nServer,Zür\n".encode("latin-1")),
        "in.csv:2: is not UTF-8 text: save it as CSV with the encoding UTF-8",
    ),
    "a CSV column of no meaning": (
        "in.csv",
        lambda p: p.write_text("kind,serial,colour\nServer,1A,red\n"),
        "column 'colour': means nothing here",
    ),
    "a CSV row without a kind": (
        "in.csv",
        lambda p: p.write_text("name,serial\nweb1,1A\n"),
        "in.csv:2, column 'kind'",
    ),
    "a CSV number": (
        "in.csv",
        lambda p: p.write_text("kind,serial,cpu_count\nServer,1A,many\n"),
        "column 'cpu_count': must be a number",
    ),
    "a CSV row too long": (
        "in.csv",
        lambda p: p.write_text("kind,serial\nServer,1A,2B,3C\n"),
        "has 4 cells where the header has 2",
    ),
    "a workbook that breaks off": (
        "in.xlsx",
        lambda p: p.write_bytes(b"PK\x03\x04 broken"),
        "is no XLSX workbook that can be read: it breaks off. Copy it again, or open it in",
    ),
    "an empty workbook": ("in.xlsx", lambda p: p.write_bytes(b""), "is empty: an XLSX workbook"),
    "an old workbook": (
        "in.xlsx",
        lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        "one of an old Excel (.xls) or one with a password",
    ),
    "CSV named a workbook": (
        "in.xlsx",
        lambda p: p.write_text("kind,name\nServer,web1\n"),
        "is no XLSX workbook, whatever its name says",
    ),
    "another archive": (
        "in.xlsx",
        lambda p: _archive(p, "word/document.xml"),
        "is no XLSX workbook, but another kind of archive",
    ),
    "a workbook without its parts": (
        "in.xlsx",
        lambda p: _archive(p, "xl/nothing.xml"),
        "is an XLSX workbook that is damaged inside",
    ),
    "a workbook with a sheet cut off": (
        "in.xlsx",
        _cut_sheet,
        "is an XLSX workbook that is damaged inside",
    ),
    "a quote never closed": (
        "in.csv",
        lambda p: p.write_text('kind,name\nServer,"web1\nServer,web2\n'),
        "in.csv:3: is not CSV: a cell begins with a quote that is never closed",
    ),
    "a quote inside quotes": (
        "in.csv",
        lambda p: p.write_text('kind,name\nServer,"web"1"\n'),
        "in.csv:2: is not CSV: a quote stands inside a quoted cell",
    ),
    "a cell too long": (
        "in.csv",
        lambda p: p.write_text(f"kind,name\nServer,{'x' * 200_001}\n"),
        "in.csv:2: is not CSV: a cell has more than 200,000 characters",
    ),
    "a bomb": ("in.xlsx", _zip_bomb, "unpacks to more than 2 GiB"),
    "an ending unknown": (
        "in.docx",
        lambda p: p.write_bytes(b"x"),
        "has an ending that is none of",
    ),
    "a folder": ("in.jsonl", lambda p: p.mkdir(), "is a folder"),
    "nothing there": ("in.jsonl", lambda p: None, "can't be read: No such file"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_refused_by_name_and_changes_nothing(
    case: str, store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name, make, sentence = FILES[case]
    make(store / name)
    assert run_main(["import", name]) == 2
    said = capfd.readouterr().err
    assert name in said
    assert sentence in said
    assert "Traceback" not in said
    assert "zip file" not in said
    assert _revision(capfd) == 0


def test_all_problems_are_counted_and_the_first_twenty_listed(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (store / "in.jsonl").write_text(f"{GOOD}\n" + "broken\n" * 75, "utf-8")
    assert run_main(["import", "in.jsonl"]) == 2
    said = capfd.readouterr().err
    assert "has 75 problems; nothing was changed" in said
    assert said.count("in.jsonl:") == 20
    assert "… and 55 more" in said
    assert _revision(capfd) == 0


def test_errors_come_as_json_where_json_is_asked_for(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (store / "in.jsonl").write_text("broken\n", "utf-8")
    assert run_main(["import", "in.jsonl", "--json"]) == 2
    error = json.loads(capfd.readouterr().err)["error"]
    assert error["code"] == "invalid_input"
    assert (error["problems"][0]["line"], error["total"]) == (1, 1)


def test_an_end_that_only_the_store_knows_is_checked_too(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (store / "one.jsonl").write_text(f"{GOOD}\n", "utf-8")
    (store / "two.jsonl").write_text(
        _link(relation="OWNED_BY", to="serial:4C1", **{"from": "fqdn:later.example.org"}) + "\n"
    )
    assert run_main(["import", "one.jsonl"]) == 0
    assert run_main(["import", "two.jsonl"]) == 2
    assert "two.jsonl:1, link: OWNED_BY can't lead to a Server" in capfd.readouterr().err
    assert _revision(capfd) == 1


def test_a_link_to_something_nobody_has_seen_is_no_error(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (store / "one.jsonl").write_text(f"{GOOD}\n{_link()}\n", "utf-8")
    assert run_main(["import", "one.jsonl"]) == 0
    assert "waits: DEPENDS_ON serial:4C1 -> serial:4C2" in capfd.readouterr().out
    assert run_main(["waiting", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["total"] == 1
    (store / "two.jsonl").write_text(_item() + "\n", "utf-8")
    assert run_main(["import", "two.jsonl", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["run"]["counts"]["joined"] == 1


def test_a_dry_run_prints_the_delta_and_writes_nothing(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (store / "one.jsonl").write_text(f"{GOOD}\n{_item()}\n{_link()}\n", "utf-8")
    assert run_main(["import", "one.jsonl", "--dry-run"]) == 0
    said = capfd.readouterr().out
    assert "+ Server web1 (created" in said
    assert "+ DEPENDS_ON Server web1 -> Server 4C2" in said
    assert _revision(capfd) == 0
