"""Mapping files: every mistake by file, line and key; those that are shipped; what they lead to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmdb.catalogue import Category, builtin
from cmdb.errors import InvalidInput
from cmdb.items import ItemObservation, LinkObservation
from discovery.record_mapping import read_mapping
from discovery.record_reading import RecordPage, parse_page
from discovery.registry import load_scanner, own_names

SHIPPED = sorted(Path("discovery").absolute().glob("*/mapping.toml"))
GOOD = """\
[incident]
kind = "Incident"
id = "{id}"
number = "{number}"
[incident.properties]
state = "status"
priority = ["prio.name", "prio.old"]
opened_at = "opened"
work_notes = "notes.text"
[incident.values.state]
open = "new"
"*" = "closed"
[[incident.links]]
relation = "AFFECTS"
each = "hit"
to = ["fqdn:{host}", "{name}"]
[[incident.links]]
relation = "CHILD_OF"
record = "{parent}"
[items]
"The shop" = "shop@production"
"""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_the_shipped_mappings_are_right_and_say_what_the_manifest_does(path: Path) -> None:
    mapping = read_mapping(path.read_text(), path.name)
    manifest = load_scanner(path.parent.name).manifest
    assert {t.kind for t in mapping.types if t.kind} == set(manifest.kinds)
    assert {rule.relation for t in mapping.types for rule in t.links} == set(manifest.relations)
    assert manifest.experimental


def test_every_source_of_records_ships_one() -> None:
    records = {kind.name for kind in builtin().of_category(Category.RECORD)}
    of_records = {name for name in own_names() if records & {*load_scanner(name).manifest.kinds}}
    assert {path.parent.name for path in SHIPPED} == of_records
    assert of_records


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "said"),
    [
        ('kind = "Incident"', 'kind = "Incidnt"', 2, "incident.kind", "did you mean Incident"),
        ('kind = "Incident"', 'kind = "Server"', 2, "incident.kind", "must be a record"),
        ('id = "{id}"', 'id = "{id"', 3, "incident.id", "belongs to no {field}"),
        ('id = "{id}"\n', "", 1, "incident.id", "is needed"),
        ("number =", "nummer =", 4, "incident.nummer", "did you mean number?"),
        ("state = ", "stat = ", 6, "incident.properties.stat", "did you mean state?"),
        ('"opened"', "7", 8, "incident.properties.opened_at", "must be a field or a list"),
        ('"new"', '"nwe"', 11, "incident.values.state.open", "must be one of new, in_progress"),
        ("values.state", "values.urgency", 10, "incident.values.urgency", "is filled by no field"),
        ('"AFFECTS"', '"AFECTS"', 14, "relation", "did you mean AFFECTS"),
        ('"AFFECTS"', '"CHANGES"', 14, "relation", "CHANGES can't start at a Incident"),
        ('"fqdn:{host}"', '"fqdm:{host}"', 16, "to", "is no identifier namespace"),
        ('record = "{parent}"', "", 17, "to", "either to (an item) or record"),
        ("each =", "every =", 15, "every", "is no key here"),
        ('"shop@production"', "3", 21, "items.The shop", "must be an identifier or a name"),
    ],
)
def test_a_mistake_is_told_by_file_line_and_key(
    old: str, new: str, line: int, key: str, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(InvalidInput) as caught:
        read_mapping(GOOD.replace(old, new), "mine.toml")
    found = [(p.file, p.line, p.field) for p in caught.value.problems if said in p.message]
    assert ("mine.toml", line, key) in found


def test_all_mistakes_are_told_at_once_and_broken_files_with_the_line() -> None:
    broken = GOOD.replace("state = ", "stat = ").replace('"AFFECTS"', '"AFECTS"')
    with pytest.raises(InvalidInput) as caught:
        read_mapping(broken, "mine.toml")
    assert len(caught.value.problems) >= 2
    with pytest.raises(InvalidInput) as caught:
        read_mapping("[incident\n", "mine.toml")
    assert caught.value.problems[0].line == 1
    with pytest.raises(InvalidInput, match="has mistakes"):
        read_mapping("", "mine.toml")


def test_a_page_says_what_its_records_do() -> None:
    page = RecordPage("acme", "incident", [
        {"id": 7, "number": "I7", "status": "open", "prio": {"old": "2"}, "opened": None,
         "notes": [{"text": "a"}, {"text": "b"}], "parent": "6",
         "hit": [{"host": "web1.example.org", "name": "web1"}, {"name": "The shop"}, {}]},
        {"id": 8, "status": "strange", "prio": None, "parent": "8"},
        {"number": "I9"},
    ])  # fmt: skip
    now = datetime(2026, 3, 1, tzinfo=UTC)
    parsed = parse_page(page, read_mapping(GOOD, "mine.toml"), "desk", "acme: all", now)
    items = [o for o in parsed.observations if isinstance(o, ItemObservation)]
    links = [o for o in parsed.observations if isinstance(o, LinkObservation)]
    assert [item.properties for item in items] == [
        {"name": "I7", "number": "I7", "correlation_id": "7", "state": "new", "priority": 2,
         "opened_at": None, "work_notes": ["a", "b"]},
        {"name": "8", "number": "8", "correlation_id": "8", "state": "closed", "priority": None},
    ]  # fmt: skip
    assert items[0].identifiers == ("key:desk/acme/7", "key:desk/acme/I7")
    assert items[0].complete == ("AFFECTS", "CHILD_OF")
    assert [(k.relation, k.to_key, k.to_any) for k in links] == [
        ("AFFECTS", "fqdn:web1.example.org", ("fqdn:web1.example.org", "web1")),
        ("AFFECTS", "", ("shop@production", "The shop")),
        ("CHILD_OF", "key:desk/acme/6", ()),
    ]
    assert parsed.notes == ("A record of type incident has no id ({id}); it is left out.",)
    assert (parsed.scope, parsed.full) == ("acme: all", False)
