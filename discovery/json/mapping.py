"""What JSON means: a TOML file of JMESPath expressions.

One table for each sort of thing in it::

    [host]
    each = "devices[?status != 'retired']"   # the things, from the top of a document; @ without it
    key = "host"                             # each is an object: its keys, as a field of the things
    target = "*/devices*"                    # only in what such targets answer
    kind = "Server"
    id = "id"                                # what the source knows it by

    [host.identifiers]                       # by namespace; the last three keys are from the thing
    serial = "serial"
    [host.properties]
    name = "name"
    cpu_count = "hardware.cores"
    [host.values.status]                     # what a property's values stand for
    "in use" = "active"
    "*" = "planned"                          # any other; without it they are told of and left out

    [[host.links]]
    relation = "DEPENDS_ON"
    each = "needs[]"                         # a link for each; the expressions below are of it
    to = { host = "@" }                      # what another table knows by that id, or an identifier
    confidence = 0.8                         # by its namespace: { fqdn = "database.host" }
    strength = "soft"
    reverse = false                          # true: the link leads to the thing
    gate = "role"                            # links of one thing with one gate's name are a gate
    min_up = 1

    [paging]
    next = "links.next"                      # where an answer names the next page
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jmespath  # type: ignore[import-untyped]  # has no types
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]  # as above

from cmdb.catalogue import Property, builtin
from cmdb.errors import UnknownKind, UnknownRelation, did_you_mean, nearest
from cmdb.items.value import Value
from cmdb.toml_file import TomlFile
from discovery.record_mapping import typed

ANY = "*"
_KEYS = ("each", "key", "target", "kind", "id", "identifiers", "properties", "values", "links")
_LINK_KEYS = "relation each to confidence strength reverse gate min_up".split()


@dataclass(frozen=True, slots=True)
class Expression:
    """A JMESPath expression, ready to be asked."""

    text: str
    compiled: Any

    def of(self, value: Any) -> Any:
        """What it finds in a value; None where it finds nothing, or the value is of another shape
        than it takes."""
        try:
            return self.compiled.search(value)
        except JMESPathError:
            return None


@dataclass(frozen=True, slots=True)
class LinkRule:
    """Links from a thing (or to it, where ``reverse``): ``end`` is another table of the mapping,
    or a namespace of identifiers where ``is_table`` is false."""

    relation: str
    end: str
    is_table: bool
    to: Expression
    each: Expression | None = None
    confidence: float = 1.0
    strength: str = "hard"
    reverse: bool = False
    gate: Expression | None = None
    min_up: int | float | str = 1


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of thing: where it is in a document, and what its parts mean."""

    name: str
    kind: str
    each: Expression
    id: Expression
    key: str = ""
    target: str = ""
    identifiers: Mapping[str, Expression] = field(default_factory=dict)
    properties: Mapping[str, Expression] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Value | None]] = field(default_factory=dict)
    links: tuple[LinkRule, ...] = ()


@dataclass(frozen=True, slots=True)
class JsonMapping:
    """The sorts of things, and where an answer names the next page."""

    file: str
    sorts: tuple[Sort, ...]
    next_page: Expression | None = None


@lru_cache(maxsize=8)
def read_mapping(text: str, name: str) -> JsonMapping:
    """The mapping in a text; raises :class:`~cmdb.errors.InvalidInput` with all mistakes by file,
    line and key."""
    file = TomlFile(text, name)
    paging = file.tables.pop("paging", {})
    sorts = []
    for key, table in file.tables.items():
        if isinstance(table, dict):
            sorts.append(_SortReader(file, key, table).read())
        else:
            file.wrong("must be a table", key)
    if not sorts and not file.problems:
        file.wrong("there is no table in it for a sort of thing, such as [host]", "host")
    next_page = None
    if not isinstance(paging, dict) or paging.keys() - {"next"}:
        file.wrong("must be a table with the key next", "paging")
    elif "next" in paging:
        next_page = _expression(file, paging["next"], "next", "paging")
    file.finish(f"The mapping {name} has mistakes.")
    return JsonMapping(name, tuple(sorts), next_page)


def _expression(file: TomlFile, text: Any, key: str, table: str) -> Expression:
    """A compiled expression; one that is none is noted, and finds nothing."""
    try:
        return Expression(str(text), jmespath.compile(text))
    except (JMESPathError, TypeError, AttributeError, ValueError) as error:
        said = " ".join(str(error).split("\n")[0].split())
        file.wrong(f"must be a JMESPath expression: {said}", key, table=table)
        return Expression("", jmespath.compile("`null`"))


class _SortReader:
    """One table on its way to a sort of thing."""

    def __init__(self, file: TomlFile, name: str, table: dict[str, Any]) -> None:
        self._file = file
        self._name = name
        self._table = table
        self._declared: Mapping[str, Property] = {}
        self._allowed: tuple[str, ...] = ()

    def read(self) -> Sort:
        """The sort; what is wrong with it is noted in the file."""
        self._known(self._table, _KEYS, self._name)
        kind = self._kind()
        if "id" not in self._table:
            self._wrong("is needed: what the source knows it by", "id")
        return Sort(
            name=self._name,
            kind=kind,
            each=self._expression(self._table.get("each", "@"), "each"),
            id=self._expression(self._table.get("id", "id"), "id"),
            key=str(self._table.get("key", "")),
            target=str(self._table.get("target", "")),
            identifiers=self._expressions("identifiers", self._allowed, "identifies no such kind"),
            properties=self._expressions("properties", self._declared, "is no property of it"),
            values=self._values(),
            links=tuple(self._links(kind)),
        )

    def _kind(self) -> str:
        try:
            resolved = builtin().kind(str(self._table.get("kind", "")))
        except UnknownKind as error:
            self._wrong(error.message, "kind")
            return ""
        self._declared = resolved.properties
        self._allowed = tuple(resolved.identified_by)
        return resolved.name

    def _expressions(self, key: str, names: Any, said: str) -> dict[str, Expression]:
        where = f"{self._name}.{key}"
        found = {}
        for name, text in self._inner(key).items():
            if names and name not in names:
                hint = did_you_mean(nearest(name, names)).removesuffix(".")
                self._wrong(f"{said}{hint}", name, where)
            found[name] = _expression(self._file, text, name, where)
        return found

    def _values(self) -> dict[str, dict[str, Value | None]]:
        found: dict[str, dict[str, Value | None]] = {}
        for name, table in self._inner("values").items():
            where = f"{self._name}.values"
            if name not in self._inner("properties") or not isinstance(table, dict):
                self._wrong("must be a table of values of one of the properties", name, where)
                continue
            found[name] = {}
            for value, stands_for in table.items():
                try:
                    found[name][value] = typed(self._declared[name], stands_for)
                except (ValueError, KeyError) as error:
                    self._wrong(str(error), value, f"{where}.{name}")
        return found

    def _links(self, kind: str) -> list[LinkRule]:
        rows = self._table.get("links", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._wrong(f"must be tables, each written [[{self._name}.links]]", "links")
            return []
        return [self._link(kind, row, number) for number, row in enumerate(rows)]

    def _link(self, kind: str, row: Mapping[str, Any], number: int) -> LinkRule:
        def wrong(message: str, key: str) -> None:
            self._file.wrong(message, key, array=f"{self._name}.links", number=number)

        for key in row:
            if key not in _LINK_KEYS:
                hint = did_you_mean(nearest(key, _LINK_KEYS)).removesuffix(".")
                wrong(f"is no key here{hint}; there are {', '.join(_LINK_KEYS)}", key)
        to = row.get("to")
        end, text = next(iter(to.items())) if isinstance(to, dict) and len(to) == 1 else ("", "`0`")
        is_table = end in self._file.tables
        if not is_table and end not in builtin().namespaces:
            wrong('must be { table = "expression" }, or { namespace = "expression" }', "to")
        try:
            relation = builtin().relation(str(row.get("relation", ""))).name
            ends = (None, kind) if row.get("reverse") else (kind, None)
            if kind and (problem := builtin().end_problem(relation, *ends)):
                wrong(problem, "relation")
        except UnknownRelation as error:
            relation = ""
            wrong(error.message, "relation")
        if row.get("strength", "hard") not in ("hard", "soft"):
            wrong("must be hard or soft", "strength")
        confidence = row.get("confidence", 1.0)
        if not isinstance(confidence, int | float) or not 0 < confidence <= 1:
            wrong("must be more than 0, and 1 at most", "confidence")
            confidence = 1.0
        table = f"{self._name}.links"
        optional = {
            key: _expression(self._file, row[key], key, table)
            for key in ("each", "gate")
            if key in row
        }
        return LinkRule(
            relation,
            end,
            is_table,
            _expression(self._file, text, "to", table),
            confidence=float(confidence),
            strength=str(row.get("strength", "hard")),
            reverse=row.get("reverse") is True,
            min_up=row.get("min_up", 1),
            **optional,
        )

    def _inner(self, key: str) -> dict[str, Any]:
        table = self._table.get(key, {})
        if isinstance(table, dict):
            return table
        self._wrong("must be a table", key)
        return {}

    def _expression(self, text: object, key: str) -> Expression:
        return _expression(self._file, text, key, self._name)

    def _known(self, table: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in names:
                hint = did_you_mean(nearest(key, names)).removesuffix(".")
                self._wrong(f"is no key here{hint}; there are {', '.join(names)}", key, where)

    def _wrong(self, message: str, key: str, table: str = "") -> None:
        self._file.wrong(message, key, table=table or self._name)
