"""Which column of a table means what: by its name, or as a map file says.

A map file is TOML or YAML::

    kind = "Server"                      # for rows without a kind column
    ignore = ["Asset tag"]

    [columns]
    "Host name" = "name"                 # a property, an identifier namespace, or a link
    "Serial no." = "serial"
    "Runs on" = { relation = "HOSTED_ON", namespace = "fqdn" }
    "Owner" = { relation = "OWNED_BY", namespace = "name", prefix = "Team/" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
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

    columns: dict[str, str | LinkColumn] = {}
    kind: str | None = None
    ignore: list[str] = []


@dataclass(frozen=True, slots=True)
class Column:
    """What one column means: exactly one of the fields is set (none: it is passed over)."""

    header: str
    plain: str | None = None
    property: str | None = None
    namespace: str | None = None
    link: LinkColumn | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table in their order, and the kind of rows that name none."""

    columns: tuple[Column, ...]
    kind: str | None
    is_links: bool = field(default=False)


def load_map(path: Path) -> ColumnMap:
    """Read a map file; raises :class:`~cmdb.errors.InvalidInput` naming file and key."""
    try:
        text = path.read_text("utf-8")
        data: Any = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
        return msgspec.convert(data or {}, ColumnMap)
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


def columns_of(
    headers: Sequence[str], mapping: ColumnMap, catalogue: Catalogue
) -> tuple[Columns, list[tuple[str, str]]]:
    """What each header means, and (header, sentence) for those that mean nothing."""
    flaws: list[tuple[str, str]] = []
    columns = []
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
        else:
            columns.append(_column(header, target, catalogue, flaws))
    for header in mapping.columns.keys() - set(headers):
        flaws.append((header, "is in the map file but not in the table"))
    names = {column.plain for column in columns}
    return Columns(tuple(columns), mapping.kind, "relation" in names), flaws


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
