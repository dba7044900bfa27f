"""Which column of a table means what: by its name, or as a map file says.

A map file is TOML or YAML::

    kind = "Server"                      # for rows without a kind column
    ignore = ["Asset tag"]
    only_with = "Serial no."             # rows without it are passed over

    [columns]
    "Host name" = "name"                 # a property, an identifier namespace, or a link
    "Serial no." = "serial"
    "Runs on" = { relation = "HOSTED_ON", namespace = "fqdn" }
    "Owner" = { relation = "OWNED_BY", namespace = "name", prefix = "Team/" }
    "Hit" = { relation = "AFFECTS", by = ["fqdn", "name"], separator = "," }
    "Inventory no." = ["name", "key"]    # two things at once
    "Ticket" = "key:desk/"               # an identifier with something before it

    [values."State"]                     # what a cell of a column stands for
    "In use" = "active"
    "n/a" = ""
    "*" = "planned"                      # any other; without it they stay as they are

    [times]                              # how times are written that have no offset
    zone = "Europe/Berlin"               # without it they are in UTC
    format = "%d.%m.%Y %H:%M"            # without it ISO 8601
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, Problem, did_you_mean, nearest
from cmdb.exchange.cells import join_parts, split_cell
from cmdb.items.value import format_time
from cmdb.times import on_clocks, time_zone

LINE_FIELDS = (
    "source",
    "time",
    "scope",
    "first_seen",
    "since",
    "missing_since",
    "retired",
)
LINK_FIELDS = (
    "relation",
    "from",
    "to",
    "strength",
    "gate",
    "min_up",
    "weight",
    "confidence",
    "evidence",
)
EXAMPLE = datetime(2026, 11, 24, 15, 12, tzinfo=UTC)
ITEM_FIELDS = ("kind", "identifiers", "distinct_from")


class LinkColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column whose cells name the other end of a link; several are set apart by ``separator``.

    ``by`` are the namespaces that a cell may be of, tried in their order; ``name`` is what a
    configuration item is called. ``reverse`` makes the row's item the end that the link leads to.
    """

    relation: str
    namespace: str | None = None
    prefix: str = ""
    reverse: bool = False
    strength: str = "hard"
    by: list[str] = []
    separator: str = ";"


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a table writes times: on the clocks of ``zone``, by ``format`` as strptime has it."""

    zone: str | None = None
    format: str | None = None

    def read(self, text: str) -> str:
        """The ISO 8601 time that a text means; raises ValueError with what would be right."""
        try:
            read = self.parsed(text)
        except ValueError:
            right = EXAMPLE.strftime(self.format) if self.format else "2026-11-24T15:12"
            raise ValueError(f"must be a time such as {right}, not {text[:60]!r}") from None
        return self.placed(read)

    def parsed(self, text: str) -> datetime:
        """The time as it is written, with its offset where it has one; raises ValueError."""
        if self.format is None:
            return datetime.fromisoformat(text.strip())
        return datetime.strptime(text.strip(), self.format)  # noqa: DTZ007 - the zone comes later

    def placed(self, read: datetime) -> str:
        """A time as the table has it, in UTC; raises ValueError where the clocks skip it."""
        if read.tzinfo is None and self.zone:
            try:
                return format_time(on_clocks(read, self.zone))
            except InvalidInput as error:
                raise ValueError(error.message) from None
        return format_time(read if read.tzinfo else read.replace(tzinfo=UTC))


class ColumnMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A map file's content."""

    columns: dict[str, str | list[str] | LinkColumn] = {}
    values: dict[str, dict[str, str]] = {}
    kind: str | None = None
    ignore: list[str] = []
    only_with: str | None = None
    times: Times | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """What one column means: one of ``plain``, ``property``, ``namespace`` and ``link`` is set
    (none: it is passed over). ``also`` are further meanings, ``values`` what cells stand for."""

    header: str
    plain: str | None = None
    property: str | None = None
    namespace: str | None = None
    prefix: str = ""
    link: LinkColumn | None = None
    also: tuple[Column, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def reads(self, cell: Any) -> Any:
        """What a cell of this column stands for; an empty text where it stands for nothing."""
        if self.link is not None and (self.values or self.link.separator != ";"):
            text = str(cell)
            parts = (
                split_cell(text) if self.link.separator == ";" else text.split(self.link.separator)
            )
            return join_parts(filter(None, (self._meant(part.strip()) for part in parts)))
        return self._meant(cell) if self.values else cell

    def _meant(self, cell: Any) -> Any:
        return self.values.get(str(cell).strip(), self.values.get("*", cell))


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table in their order, and the kind of rows that name none. Rows without a
    value in the column ``only_with`` are passed over."""

    columns: tuple[Column, ...]
    kind: str | None
    is_links: bool = field(default=False)
    only_with: str | None = None
    times: Times | None = None


def load_map(path: Path) -> ColumnMap:
    """Read a map file; raises :class:`~cmdb.errors.InvalidInput` naming file and key."""
    try:
        text = path.read_text("utf-8")
        data: Any = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        made = msgspec.convert(data or {}, ColumnMap)
    except OSError as error:
        raise InvalidInput(f"The map file {path} can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The map file {path} can't be read.",
            [Problem(str(error).replace("\n", " "), str(path))],
        ) from None
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"The map file {path} is wrong.", [Problem(str(error), str(path))]
        ) from None
    _check_times(made, path)
    empty = [header for header, target in made.columns.items() if target == []]
    if empty:
        problem = Problem("maps to nothing; list it under ignore", str(path), field=empty[0])
        raise InvalidInput(f"The map file {path} is wrong.", [problem])
    return made


def _check_times(made: ColumnMap, path: Path) -> None:
    """Raise where the map's time zone or format of times is none."""
    if made.times is None:
        return
    problems = []
    try:
        if made.times.zone:
            time_zone(made.times.zone)
    except InvalidInput as error:
        problems.append(Problem(error.message, str(path), field="times.zone"))
    try:
        if made.times.format:
            made.times.parsed(EXAMPLE.strftime(made.times.format))
    except ValueError:
        said = f"{made.times.format!r} is no format of times, such as %d.%m.%Y %H:%M"
        problems.append(Problem(said, str(path), field="times.format"))
    if problems:
        raise InvalidInput(f"The map file {path} is wrong.", problems)


def columns_of(
    headers: Sequence[str], mapping: ColumnMap, catalogue: Catalogue
) -> tuple[Columns, list[tuple[str, str]]]:
    """What each header means, and (header, sentence) for those that mean nothing."""
    flaws: list[tuple[str, str]] = []
    columns: list[Column] = []
    for header in headers:
        target = mapping.columns.get(header, header.strip())
        if header in mapping.ignore or not header.strip():
            columns.append(Column(header))
        elif isinstance(target, LinkColumn):
            if target.relation not in catalogue.relations:
                hint = did_you_mean(nearest(target.relation, catalogue.relations))
                flaws.append(
                    (
                        header,
                        f"is mapped to {target.relation}, which is no relation{hint}",
                    )
                )
            flaws.extend((header, said) for said in _wrong_by(target, catalogue))
            columns.append(Column(header, link=target))
        elif isinstance(target, list):
            first, *more = [_column(header, one, catalogue, flaws) for one in target]
            columns.append(replace(first, also=tuple(more)))
        else:
            columns.append(_column(header, target, catalogue, flaws))
    columns = [replace(c, values=mapping.values.get(c.header, {})) for c in columns]
    named = {mapping.only_with} if mapping.only_with else set[str]()
    for header in sorted((mapping.columns.keys() | mapping.values.keys() | named) - set(headers)):
        flaws.append((header, "is in the map file but not in the table"))
    names = {column.plain for column in columns}
    is_links = "relation" in names
    made = Columns(tuple(columns), mapping.kind, is_links, mapping.only_with, mapping.times)
    return made, flaws


def _wrong_by(link: LinkColumn, catalogue: Catalogue) -> Iterator[str]:
    for name in link.by:
        if name not in catalogue.namespaces:
            hint = did_you_mean(nearest(name, catalogue.namespaces)).removesuffix(".")
            yield f"is found by {name!r}, which is no namespace{hint}"
    if link.by and (link.reverse or link.namespace):
        yield "has by, and so can have neither namespace nor reverse"
    if not link.separator:
        yield "needs a separator that is not empty"


def _column(header: str, target: str, catalogue: Catalogue, flaws: list[tuple[str, str]]) -> Column:
    name = target.strip().lower().replace(" ", "_")
    if name in (*LINE_FIELDS, *LINK_FIELDS, *ITEM_FIELDS):
        return Column(header, plain=name)
    if name in catalogue.properties:
        return Column(header, property=name)
    if (namespace := name.replace("_", "-")) in catalogue.namespaces:
        return Column(header, namespace=namespace)
    space, colon, prefix = target.strip().partition(":")
    if colon and space in catalogue.namespaces:
        return Column(header, namespace=space, prefix=prefix)
    if target.strip() in catalogue.relations:
        return Column(header, link=LinkColumn(target.strip()))
    known = (
        *catalogue.properties,
        *catalogue.namespaces,
        *ITEM_FIELDS,
        *catalogue.relations,
    )
    hint = did_you_mean(nearest(target, known))
    flaws.append(
        (
            header,
            f"means nothing here{hint.rstrip('.')}; map it or list it under ignore in a --map file",
        )
    )
    return Column(header)
