"""What the fields of another tool's records mean here: a TOML file, read with all its mistakes.

One table for each type of record there::

    [incident]
    kind = "Incident"
    id = "{sys_id.value}"                  # what the tool knows it by; fields in braces
    number = "{number.value}"              # what people call it
    when = { "type" = ["Incident"] }       # only records with one of these values

    [incident.properties]                  # of the kind, from a field or the first of several
    short_description = "short_description.value"
    state = "state.value"

    [incident.values.state]                # what values stand for; the first field that is here
    "1" = "new"
    "*" = "in_progress"                    # any other; without it they are told of and left out

    [[incident.links]]
    relation = "AFFECTS"
    each = "impacted"                      # a link for each entry of a list; fields are its own
    to = ["fqdn:{cmdb_ci.fqdn.value}", "{cmdb_ci.display_value}"]   # identifiers, then names

    [[incident.links]]
    relation = "CHILD_OF"
    record = "{parent_incident.value}"     # another record of the tool, by its id there

    [items]                                # what the tool calls an item: what leads to it here
    "Checkout (prod)" = "checkout@production"

A field is a path into the record: ``assignee.displayName``. A table without a kind has links only;
they lead from the record with that id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cmdb.catalogue import Catalogue, Property, PropertyType, builtin
from cmdb.errors import UnknownKind, UnknownRelation, did_you_mean, nearest
from cmdb.identity.identifiers import namespace_of
from cmdb.items.value import MAX_STRING, Value, check_value
from cmdb.toml_file import TomlFile
from discovery.setting_values import TextFile

FIELD = re.compile(r"\{([A-Za-z_][\w.-]*)\}")
ANY = "*"
_KEYS = ("kind", "id", "number", "when", "properties", "values", "links")
_LINK_KEYS = ("relation", "each", "when", "to", "record")

When = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class LinkRule:
    """A link from the record: ``to`` are templates of identifiers and names of an item, or
    ``record`` is one of the id of another record. ``each`` is the list that the fields are of."""

    relation: str
    to: tuple[str, ...] = ()
    record: str = ""
    each: str = ""
    when: When = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record: its kind here (None: its rows are links only) and what its fields mean.

    ``properties`` are paths by property, of which the first with a value counts.
    """

    name: str
    kind: str | None
    id: str
    number: str = ""
    when: When = field(default_factory=dict)
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    links: tuple[LinkRule, ...] = ()

    def paths(self) -> list[str]:
        """Every path that is read, sorted."""
        found = {*FIELD.findall(self.id), *FIELD.findall(self.number), *self.when}
        found.update(path for paths in self.properties.values() for path in paths)
        for link in self.links:
            inside = {p for t in (*link.to, link.record) for p in FIELD.findall(t)} | {*link.when}
            found |= {link.each} if link.each else inside
        return sorted(found)


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """The types of records in a mapping file, and what leads to items that the tool calls so."""

    file: str
    types: tuple[RecordType, ...]
    items: Mapping[str, str] = field(default_factory=dict)

    def type(self, name: str) -> RecordType:
        """The type of that name, which must be there."""
        return next(t for t in self.types if t.name == name)

    def complete(self, kind: RecordType) -> tuple[str, ...]:
        """The relations of which all links of such a record are known once all is read."""
        others = [t for t in self.types if t.kind is None]
        relations = (rule.relation for t in (kind, *others) for rule in t.links)
        return tuple(sorted(set(relations)))


def mapping_of(given: TextFile, shipped: Path) -> RecordMapping:
    """The mapping in the file that a setting names, or the one shipped.

    Raises :class:`~cmdb.errors.InvalidInput` with everything that is wrong with it.
    """
    if given:
        return read_mapping(given.text, given.path)
    return read_mapping(shipped.read_text("utf-8"), shipped.name)


@lru_cache(maxsize=8)
def read_mapping(text: str, name: str) -> RecordMapping:
    """The mapping in a text; raises :class:`~cmdb.errors.InvalidInput` with all mistakes by file,
    line and key."""
    file = TomlFile(text, name)
    items: dict[str, str] = {}
    types: list[RecordType] = []
    for key, table in file.tables.items():
        if not isinstance(table, dict):
            file.wrong("must be a table: [type] or [items]", key)
        elif key == "items":
            items = _items(file, table)
        else:
            types.append(_TypeReader(file, key, table, builtin()).read())
    if not types and not file.problems:
        file.wrong("there is no type of record in it, such as [incident]", "incident")
    file.finish(f"The mapping {name} has mistakes.")
    return RecordMapping(name, tuple(types), items)


def _items(file: TomlFile, table: Mapping[str, Any]) -> dict[str, str]:
    for called, leads_to in table.items():
        if not isinstance(leads_to, str) or not leads_to.strip():
            file.wrong("must be an identifier or a name", called, table="items")
    return {called: str(leads_to) for called, leads_to in table.items()}


@dataclass(slots=True)
class _TypeReader:
    """One table of the file on its way to a type of record."""

    file: TomlFile
    name: str
    table: dict[str, Any]
    catalogue: Catalogue
    declared: Mapping[str, Property] = field(default_factory=dict)

    def wrong(self, message: str, key: str, *inside: str) -> None:
        self.file.wrong(message, key, table=".".join((self.name, *inside)))

    def read(self) -> RecordType:
        for key in self.table:
            if key not in _KEYS:
                hint = did_you_mean(nearest(key, _KEYS)).removesuffix(".")
                self.wrong(f"is no key here{hint}; there are {', '.join(_KEYS)}", key)
        kind = self._kind()
        made = RecordType(
            name=self.name,
            kind=kind,
            id=self._template(self.table.get("id"), "id"),
            number=self._template(self.table.get("number", ""), "number"),
            when=self._when(self.table.get("when", {})),
            properties=self._properties(),
            values=self._values(),
            links=tuple(self._links(kind)),
        )
        if not made.id:
            self.wrong('is needed: what the tool knows the record by, such as "{id}"', "id")
        return made

    def _kind(self) -> str | None:
        name = self.table.get("kind")
        if name is None:
            for key in ("number", "properties", "values"):
                if key in self.table:
                    self.wrong("has no place in a table without a kind", key)
            return None
        try:
            kind = self.catalogue.kind(str(name))
        except UnknownKind as error:
            self.wrong(error.message, "kind")
            return None
        if kind.kind.abstract or not self.catalogue.is_a(kind.name, "Task"):
            records = [k for k in self.catalogue.descendants("Task") if k != "Task"]
            self.wrong(f"must be a record: {', '.join(records)}", "kind")
            return None
        self.declared = kind.properties
        return kind.name

    def _template(self, value: object, key: str, *, number: int | None = None) -> str:
        wrong = None
        if value is not None and not isinstance(value, str):
            wrong = "must be a text with fields in braces"
        elif isinstance(value, str) and re.search(r"[{}]", FIELD.sub("", value)):
            wrong = f"{value!r} has a brace that belongs to no {{field}}"
        if wrong and number is None:
            self.wrong(wrong, key)
        elif wrong:
            self._wrong_link(wrong, key, number or 0)
        return value if isinstance(value, str) else ""

    def _when(self, value: object, number: int | None = None) -> When:
        fits = isinstance(value, dict) and all(
            isinstance(one, str) or (isinstance(one, list) and all(isinstance(v, str) for v in one))
            for one in value.values()
        )
        if not fits or not isinstance(value, dict):
            said = 'must be a table of fields and the texts they may have: { "type" = ["A", "B"] }'
            if number is None:
                self.wrong(said, "when")
            else:
                self._wrong_link(said, "when", number)
            return {}
        return {p: (one,) if isinstance(one, str) else tuple(one) for p, one in value.items()}

    def _properties(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for name, paths in self._table("properties").items():
            many = [paths] if isinstance(paths, str) else paths
            if not self._is_property(name, "properties"):
                continue
            if not isinstance(many, list) or not many or not all(isinstance(p, str) for p in many):
                self.wrong("must be a field or a list of fields", name, "properties")
                continue
            found[name] = tuple(many)
        return found

    def _values(self) -> dict[str, dict[str, Value]]:
        found: dict[str, dict[str, Value]] = {}
        for name, table in self._table("values").items():
            if not self._is_property(name, "values"):
                continue
            if not isinstance(table, dict):
                self.wrong("must be a table of values", name, "values")
                continue
            if name not in self._table("properties"):
                self.wrong("is filled by no field: put it under properties", name, "values")
            found[name] = {}
            for value, stands_for in table.items():
                try:
                    said = typed(self.declared[name], stands_for)
                except ValueError as error:
                    self.wrong(str(error), value, "values", name)
                else:
                    found[name][value] = "" if said is None else said
        return found

    def _table(self, key: str) -> dict[str, Any]:
        table = self.table.get(key, {})
        if not isinstance(table, dict):
            self.wrong("must be a table", key)
            return {}
        return table

    def _is_property(self, name: str, where: str) -> bool:
        if name in ("name", "number"):
            self.wrong("is made of the key number of the type", name, where)
            return False
        if name in self.declared or not self.declared:
            return bool(self.declared)
        hint = did_you_mean(nearest(name, self.declared)).removesuffix(".")
        self.wrong(f"a {self.table.get('kind')} has no such property{hint}", name, where)
        return False

    def _links(self, kind: str | None) -> Iterator[LinkRule]:
        rows = self.table.get("links", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong(f"must be tables, each written [[{self.name}.links]]", "links")
            return
        for number, row in enumerate(rows):
            for key in row:
                if key not in _LINK_KEYS:
                    hint = did_you_mean(nearest(key, _LINK_KEYS)).removesuffix(".")
                    said = f"is no key here{hint}; there are {', '.join(_LINK_KEYS)}"
                    self._wrong_link(said, key, number)
            yield LinkRule(
                relation=self._relation(row.get("relation"), kind, number),
                to=self._ends(row, number),
                record=self._template(row.get("record", ""), "record", number=number),
                each=str(row.get("each", "")),
                when=self._when(row.get("when", {}), number),
            )

    def _wrong_link(self, message: str, key: str, number: int) -> None:
        self.file.wrong(message, key, array=f"{self.name}.links", number=number)

    def _relation(self, name: object, kind: str | None, number: int) -> str:
        try:
            relation = self.catalogue.relation(str(name or "")).name
        except UnknownRelation as error:
            self._wrong_link(error.message, "relation", number)
            return ""
        problem = self.catalogue.end_problem(relation, kind, None)
        if problem:
            self._wrong_link(problem, "relation", number)
        return relation

    def _ends(self, row: Mapping[str, Any], number: int) -> tuple[str, ...]:
        to = row.get("to", [])
        many = [to] if isinstance(to, str) else to
        if not isinstance(many, list):
            self._wrong_link("must be a list of templates", "to", number)
            return ()
        if bool(many) == bool(row.get("record")):
            said = "either to (an item) or record (another record of the tool) is needed"
            self._wrong_link(said, "to", number)
        templates = [self._template(one, "to", number=number) for one in many]
        for one in templates:
            space = namespace_of(one)
            if ":" in one and "{" not in space and space not in self.catalogue.namespaces:
                hint = did_you_mean(nearest(space, self.catalogue.namespaces))
                self._wrong_link(f"{space!r} is no identifier namespace{hint}", "to", number)
        return tuple(templates)


def typed(prop: Property, value: object) -> Value | None:
    """A tool's value as the property's type holds it; None for none. Raises ValueError."""
    if value in (None, "", []):
        return None
    read: object = value
    if prop.type is PropertyType.STRING:
        read = _text(value)
    elif prop.type is PropertyType.STRINGS:
        read = [_text(one) for one in value] if isinstance(value, list) else [_text(value)]
    elif prop.type is PropertyType.BOOLEAN and not isinstance(value, bool):
        read = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower(), value)
    elif prop.type in (PropertyType.INTEGER, PropertyType.NUMBER) and isinstance(value, str):
        try:
            read = float(value)
        except ValueError:
            raise ValueError(f"must be a number, not {value[:60]!r}") from None
    return check_value(prop, read)


def _text(value: object) -> str:
    """A text that can be kept: without NUL and half pairs, and cut where it is too long."""
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
    return text if len(text) <= MAX_STRING else f"{text[: MAX_STRING - 1]}…"
