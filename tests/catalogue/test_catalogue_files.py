"""Users' kinds and relations: validated, with errors that name file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.catalogue.files import load_catalogue
from cmdb.errors import InvalidCatalogue

PRINTER = """\
[kinds.Printer]
plural = "printers"
parent = "Host"
description = "A network printer."
identified_by = ["serial", "mac"]
stale_after_days = 14

[kinds.Printer.properties.pages]
type = "integer"
unit = "page"
description = "Pages printed so far."

[kinds.Server.properties.rack_unit]
type = "integer"
description = "Where in its rack it sits."

[relations.PRINTS_FOR]
phrase = "prints for"
inverse = "has printed by"
description = "Whom a printer serves."
from = ["Printer"]
to = ["Team"]
"""

YAML = """\
kinds:
  Printer:
    parent: Host
    description: A network printer.
"""


def test_a_file_adds_and_extends(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(PRINTER)
    catalogue = load_catalogue([tmp_path / "own.toml"])
    printer = catalogue.kind("Printer")
    assert printer.lineage == ("Printer", "Host", "ConfigurationItem")
    assert printer.stale_after.days == 14
    assert "pages" in printer.properties
    assert "hostname" in printer.properties
    assert "rack_unit" in catalogue.kind("Server").properties
    assert catalogue.end_problem("PRINTS_FOR", "Printer", "Team") is None
    assert "Printer" not in builtin().kinds


def test_yaml_does_as_well(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(YAML)
    assert load_catalogue([tmp_path / "own.yaml"]).kind("Printer").kind.plural == "printers"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "said"),
    [
        ('parent = "Host"', 'parent = "Hots"', 3, "kinds.Printer.parent", "did you mean Host"),
        ('["serial", "mac"]', '["seral"]', 5, "kinds.Printer.identified_by", "did you mean serial"),
        ('"integer"\nunit', '"int"\nunit', 9, "kinds.Printer.properties.pages.type", "int"),
        ("unit =", "units =", 10, "kinds.Printer.properties.pages.units", "did you mean unit"),
        ("stale_after_days = 14", "stale_after_days = -1", 6, "stale_after_days", ">"),
        ('to = ["Team"]', 'to = ["Taem"]', 22, "relations.PRINTS_FOR.to", "did you mean Team"),
        ("[kinds.Printer]", "[kinds.printer]", 1, "kinds.printer", "CamelCase"),
        ("PRINTS_FOR", "printsFor", 17, "relations.printsFor", "UPPER_CASE"),
        ("properties.pages", "properties.Pages", 8, "Pages", "snake_case"),
        ("properties.pages", "properties.id", 8, "id", "every item has"),
        ('description = "A network printer."\n', "", 1, "kinds.Printer", "needs a description"),
        (
            "[kinds.Server.properties",
            "[kinds.Server]\nparent = 'Host'\n[kinds.Server.properties",
            14,
            "kinds.Server.parent",
            "can't be changed",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_key(
    old: str, new: str, line: int, key: str, said: str, tmp_path: Path
) -> None:
    assert old in PRINTER
    (tmp_path / "own.toml").write_text(PRINTER.replace(old, new, 1))
    with pytest.raises(InvalidCatalogue) as raised:
        load_catalogue([tmp_path / "own.toml"])
    texts = [str(problem) for problem in raised.value.problems]
    found = [t for t in texts if said in t and key in t]
    assert found, texts
    assert f"own.toml:{line}" in found[0]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("own.toml", "[kinds", "is not TOML"),
        ("own.yaml", "kinds: [", "is not YAML"),
        ("own.ini", "", "must end in"),
    ],
)
def test_a_file_that_is_none(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InvalidCatalogue, match=said):
        load_catalogue([tmp_path / name])


def test_a_kind_can_not_be_its_own_ancestor(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[kinds.A1]\nparent = "B1"\ndescription = "a"\n'
        '[kinds.B1]\nparent = "A1"\ndescription = "b"\n'
    )
    with pytest.raises(InvalidCatalogue) as raised:
        load_catalogue([tmp_path / "own.toml"])
    assert "its own ancestor" in str(raised.value.problems[0])


def test_everything_declared_is_described() -> None:
    catalogue = builtin()
    for resolved in map(catalogue.kind, catalogue.kinds):
        assert resolved.kind.description.endswith(".")
        assert resolved.identified_by[0] == "key"
        for prop in resolved.properties.values():
            assert prop.description.endswith(".")
    for relation in catalogue.relations.values():
        assert relation.description.endswith(".")
        assert relation.phrase
        assert relation.inverse
    for namespace in catalogue.namespaces.values():
        assert namespace.example.startswith(f"{namespace.name}:")
