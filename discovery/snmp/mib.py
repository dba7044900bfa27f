"""mib.toml as values."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

Oid = tuple[int, ...]


class Table(NamedTuple):
    """Columns that are walked together."""

    columns: dict[str, Oid]
    only: str = ""
    setting: str = ""


class System(NamedTuple):
    """An operating system by what descriptions say; ``host`` ones do not run on network devices."""

    pattern: re.Pattern[str]
    name: str
    version: re.Pattern[str] | None
    host: bool


class Mib(NamedTuple):
    """What is asked for, and what answers give away."""

    scalars: dict[str, Oid]
    tables: tuple[Table, ...]
    host_objects: tuple[str, ...]
    makers: dict[str, str]
    systems: tuple[System, ...]


@lru_cache(maxsize=1)
def mib() -> Mib:
    """The file's content."""
    data = tomllib.loads(files("discovery.snmp").joinpath("mib.toml").read_text("utf-8"))
    return Mib(
        scalars={name: oid(text) for name, text in data["scalars"].items()},
        tables=tuple(
            Table(
                {name: oid(text) for name, text in table["columns"].items()},
                table.get("only", ""),
                table.get("setting", ""),
            )
            for table in data["table"]
        ),
        host_objects=tuple(data["objects"]["hosts"]),
        makers=data["objects"]["makers"],
        systems=tuple(_system(row) for row in data["system"]),
    )


def oid(text: str) -> Oid:
    """The numbers of a dotted object identifier."""
    return tuple(int(part) for part in text.strip(".").split("."))


def begins(object_id: str, prefix: str) -> bool:
    """Whether an object identifier is the prefix, or below it."""
    return f"{object_id}.".startswith(f"{prefix}.")


def _system(row: dict[str, Any]) -> System:
    version = row.get("version")
    return System(
        re.compile(row["pattern"]),
        row["name"],
        re.compile(version) if version else None,
        row.get("host", False),
    )
