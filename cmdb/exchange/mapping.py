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
    "Inventory no." = ["name", "key"]    # two things at once

    [values."State"]                     # what a cell of a column stands for
    "In use" = "active"
    "n/a" = ""
    "*" = "planned"                      # any other; without it they stay as they are
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, Problem, did_you_mean, nearest

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
ITEM_FIELDS = ("kind", "identifiers", "distinct_from")


class LinkColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column whose cells name the other end of a link; several are separated by semicolons.

    ``reverse`` makes the row's item the end that the link leads to.
    """

    relation: str
    namespace: str | None = None
    prefix: str = ""
    reverse: bool = False
    strength: str = "hard"


class ColumnMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A map file's content."""

    columns: dict[str, str | list[str] | LinkColumn] = {}
    values: dict[str, dict[str, str]] = {}
    kind: str | None = None
    ignore: list[str] = []
    only_with: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """What one column means: one of ``plain``, ``property``, ``namespace`` and ``link`` is set
    (none: it is passed over). ``also`` are further meanings, ``values`` what cells stand for."""

    header: str
    plain: str | None = None
    property: str | None = None
    namespace: str | None = None
    link: LinkColumn | None = None
    also: tuple[Column, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def reads(self, cell: Any) -> Any:
        """What a cell of this column stands for; an empty text where it stands for nothing."""
        if not self.values:
            return cell
        text = str(cell).strip()
        return self.values.get(text, self.values.get("*", cell))


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table in their order, and the kind of rows that name none. Rows without a
    value in the column ``only_with`` are passed over."""

    columns: tuple[Column, ...]
    kind: str | None
    is_links: bool = field(default=False)
    only_with: str | None = None


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
    empty = [header for header, target in made.columns.items() if target == []]
    if empty:
        problem = Problem("maps to nothing; list it under ignore", str(path), field=empty[0])
        raise InvalidInput(f"The map file {path} is wrong.", [problem])
    return made


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
    return Columns(tuple(columns), mapping.kind, is_links, mapping.only_with), flaws


def _column(header: str, target: str, catalogue: Catalogue, flaws: list[tuple[str, str]]) -> Column:
    name = target.strip().lower().replace(" ", "_")
    if name in (*LINE_FIELDS, *LINK_FIELDS, *ITEM_FIELDS):
        return Column(header, plain=name)
    if name in catalogue.properties:
        return Column(header, property=name)
    if (namespace := name.replace("_", "-")) in catalogue.namespaces:
        return Column(header, namespace=namespace)
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
