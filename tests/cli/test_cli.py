"""The command line as its users meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb import errors
from cmdb.cli.main import app, run_main
from cmdb.cli.status import EXIT_STATUS, exit_status
from cmdb.settings import load_settings, mask_uri, shown

HEAVY = (
    "cmdb.service cmdb_graphql discovery.local.fetch impact.estate msgspec neo4j networkx numpy "
    "openpyxl psutil pydantic pydantic_settings sqlite3 starlette strawberry uvicorn yaml"
).split()
"""What `cmdb --help` must not import: each costs tens of milliseconds or more."""

VERBS = (
    "demo serve info query scan import export items show search impact dependencies path history "
    "diff revert merge unmerge revisions runs waiting kinds settings schema risk causes suspects "
    "collisions weak-points restoration-order report health duplicates sources discover drift infer"
).split()


def _json(capfd: pytest.CaptureFixture[str], *arguments: str) -> object:
    capfd.readouterr()
    assert run_main([*arguments, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cmdb.cli.main import run_main; run_main(['--help']); "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_main([verb, "--help"]) == 0
    said = capfd.readouterr().out
    assert f"Usage: cmdb {verb}" in said


def test_the_list_of_verbs_is_complete() -> None:
    assert {c.name for c in app.registered_commands} == set(VERBS)


def test_completion_can_be_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cmdb", "--show-completion", "bash"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert "complete" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["bogus"], 2, "No such command"),
        (["impact"], 2, "Missing argument"),
        (["impact", "dc1-r03-acc-sw1", "--stat", "down"], 2, "No such option"),
        (["impact", "dc1-r03-acc-sw9"], 2, "There is no item 'dc1-r03-acc-sw9' (did you mean"),
        (["impact", "fqdn:nowhere.example.org"], 2, "There is no item"),
        (["impact", "dc1-r03-acc-sw1", "--at", "99999"], 2, "There is no revision 99999"),
        (["impact", "dc1-r03-acc-sw1", "--at", "last week"], 2, "a revision number or a time"),
        (["impact", "dc1-r03-acc-sw1", "--state", "broken"], 2, "'broken' is not one of"),
        (["show", "dc2-backup1"], 2, "is the name of several items"),
        (["kinds", "Sever"], 2, "did you mean Server"),
        (["items", "--kind", "Sever"], 2, "did you mean Server"),
        (["items", "--where", "colour=red"], 2, "There is no field 'colour'"),
        (["items", "--where", "memory>lots"], 2, "memory must be compared with a number"),
        (["items", "--where", "memory"], 2, "is no condition"),
        (["items", "--status", "gone"], 2, "'gone' is no status"),
        (["items", "--after", "nonsense"], 2, "cursor"),
        (["diff", "2", "1"], 2, "give the earlier one first"),
        (["revert", "99"], 2, "There is no revision 99"),
        (["revert", "1"], 1, "links were added to what it created"),
        (["merge", "dc1-core-sw1", "checkout@production"], 2, "can't be one thing"),
        (["unmerge", "06h0qwqcrg00005dpv00q036dg"], 2, "There is no item"),
        (["scan"], 2, "cmdb scan --list"),
        (["scan", "locale"], 2, "There is no scanner 'locale' (did you mean local"),
        (["scan", "local", "--set", "colour=red"], 2, "colour"),
        (["export", "--format", "pdf"], 2, "write jsonl, csv or xlsx"),
        (["export", "-o", f"{__file__}/all.jsonl"], 2, "can't be written"),
        (["query", "{ nope }"], 2, ""),
        (["query", "{ info { revision } }", "--variables", "{"], 2, "is no JSON"),
        (["path", "dc1-core-sw1", "dc1-fax-gateway-2"], 2, "There is no item"),
        (["serve", "--host", "0.0.0.0"], 2, "set CMDB_TOKEN"),
        (["demo", "--items", "5"], 2, "603"),
    ],
)
def test_what_is_wrong_is_said_with_the_right_status(
    arguments: list[str],
    status: int,
    said: str,
    demo: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CMDB_STORE", demo)
    monkeypatch.delenv("CMDB_TOKEN", raising=False)
    assert run_main(arguments) == status
    error = capfd.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("store", "status", "said"),
    [
        ("bolt://neo4j:s3cret@127.0.0.1:1", 3, "can't be reached"),
        ("postgres://somewhere", 2, "sqlite"),
        (f"sqlite:///{__file__}/x.db", 3, "test_cli.py"),
    ],
)
def test_a_store_that_can_not_be_opened(
    store: str, status: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["info", "--store", store]) == status
    error = capfd.readouterr().err
    assert said in error
    assert "s3cret" not in error
    assert "Traceback" not in error


def test_an_own_fault_shows_no_traceback(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of our own")

    monkeypatch.delenv("CMDB_DEBUG", raising=False)
    monkeypatch.setattr("cmdb.cli.catalogue._catalogue", broken)
    assert run_main(["kinds"]) == 70
    error = capfd.readouterr().err
    assert "This is a bug" in error
    assert "Traceback" not in error


def test_every_error_has_a_status() -> None:
    def below(cls: type[errors.CmdbError]) -> list[type[errors.CmdbError]]:
        return [cls, *(c for sub in cls.__subclasses__() for c in below(sub))]

    for cls in below(errors.CmdbError):
        assert exit_status(cls.__new__(cls)) in {1, 2, 3, 4}
    assert set(EXIT_STATUS) <= set(below(errors.CmdbError))
    codes = [cls.code for cls in below(errors.CmdbError) if not cls.__name__.startswith("_")]
    assert len(codes) == len(set(codes))


def test_impact_as_json_is_the_object_of_the_design(
    demo: str, capfd: pytest.CaptureFixture[str]
) -> None:
    found = _json(capfd, "impact", "dc1-r03-acc-sw1", "--store", demo)
    assert isinstance(found, dict)
    assert list(found) == [
        "revision",
        "as_of",
        "failed",
        "affected",
        "gates_held",
        "services",
        "owners",
        "weak_evidence",
        "counts",
        "truncated",
        "without_weak_evidence",
    ]
    assert set(found["affected"][1]) == {
        "id",
        "kind",
        "name",
        "state",
        "distance",
        "because",
        "path",
    }
    assert {"link", "from"} <= set(found["affected"][1]["because"])
    assert set(found["counts"]) == {"down", "degraded", "at_risk"}


def test_lists_are_cut_openly_and_counts_are_of_everything(
    demo: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = _json(capfd, "impact", "dc1-r03-acc-sw1", "--store", demo)
    cut = _json(capfd, "impact", "dc1-r03-acc-sw1", "--limit", "3", "--store", demo)
    assert isinstance(whole, dict)
    assert isinstance(cut, dict)
    assert (len(cut["affected"]), cut["truncated"]) == (3, True)
    assert cut["counts"] == whole["counts"]


def test_paging_through_items_sees_each_once(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[str] = []
    after: list[str] = []
    while True:
        page = _json(capfd, "items", "--kind", "Host", "--limit", "7", "--store", demo, *after)
        assert isinstance(page, dict)
        seen += [item["id"] for item in page["items"]]
        if not page["has_next"]:
            break
        after = ["--after", page["end_cursor"]]
    assert len(seen) == len(set(seen)) == page["total"]


def test_conditions_filter_and_sort(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    found = _json(
        capfd,
        "items",
        "--kind",
        "Hypervisor",
        "--where",
        "memory>=1",
        "--where",
        "name^dc1",
        "--sort=-name",
        "--store",
        demo,
    )
    assert isinstance(found, dict)
    names = [item["name"] for item in found["items"]]
    assert names == sorted(names, reverse=True)
    assert all(name.startswith("dc1") for name in names)
    assert names


def test_no_colour_where_none_is_wanted(demo: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cmdb", "impact", "dc1-core-sw1", "--store", demo],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": ""},
    )
    assert "\x1b[" not in done.stdout


def test_a_reader_that_leaves_early_is_no_error(demo: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cmdb", "export", "--store", demo],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        assert export.stdout.readline().startswith('{"item"')
        export.stdout.close()
        assert "Traceback" not in export.stderr.read()


def test_settings_say_where_they_come_from_and_hide_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CMDB_STORE", "neo4j://neo4j:s3cret@db.example.org")
    monkeypatch.setenv("CMDB_TOKEN", "t0ken")
    (tmp_path / "cmdb.toml").write_text('port = 9000\nsource_precedence = ["netbox"]\n')
    rows = {row.name: row for row in shown(load_settings())}
    assert (rows["port"].value, rows["port"].source) == ("9000", "cmdb.toml")
    assert rows["store"].source == "environment CMDB_STORE"
    assert rows["host"].source == "default"
    printed = " ".join(row.value for row in rows.values())
    assert "s3cret" not in printed
    assert "t0ken" not in printed
    assert mask_uri("bolt://u:p@h:1") == "bolt://u:********@h:1"


def test_an_environment_variable_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cmdb.toml").write_text("port = 9000\n")
    monkeypatch.setenv("CMDB_PORT", "9001")
    assert load_settings().port == 9001


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("port = 99999", "port"),
        ("prot = 1", "prot"),
        ("port = ", "can't be read"),
        ('source_precedence = ["*", "aws", "*"]', "names * more than once"),
    ],
)
def test_a_wrong_setting_is_named(
    content: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cmdb.toml").write_text(content)
    with pytest.raises(errors.InvalidSettings) as raised:
        load_settings()
    assert said in f"{raised.value.message} {[str(p) for p in raised.value.problems]}"


def test_users_kinds_come_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(
        '[kinds.Printer]\nplural = "printers"\nparent = "Host"\ndescription = "A printer."\n'
        '[kinds.Printer.properties.pages]\ntype = "integer"\nunit = "page"\n'
        'description = "Pages printed."\n'
    )
    monkeypatch.setenv("CMDB_CATALOGUE", "own.toml")
    monkeypatch.setenv("CMDB_STORE", f"sqlite:///{tmp_path / 'own.db'}")
    assert run_main(["kinds", "Printer"]) == 0
    assert "Pages printed." in capfd.readouterr().out
    line = {"item": {"kind": "Printer", "identifiers": ["serial:P1X"], "properties": {"pages": 7}}}
    (tmp_path / "in.jsonl").write_text(json.dumps(line))
    assert run_main(["import", "in.jsonl"]) == 0
    capfd.readouterr()
    assert run_main(["query", "{ printers { nodes { name pages } } }"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["data"]["printers"]["nodes"] == [{"name": "P1X", "pages": 7}]
