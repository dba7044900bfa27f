"""Reading the parts of objects that others wrote: what has another shape counts as absent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kMGTPE]i?|Ki|m)?")
_FACTORS = {
    "": 1.0,
    "m": 0.001,
    **{unit: 1000.0**n for n, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": 1024.0**n for n, unit in enumerate("KMGTPE", 1)},
}


def table(value: object, *path: str) -> Mapping[str, Any]:
    """The mapping at a path; an empty one where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def tables(value: object, *path: str) -> Iterator[Mapping[str, Any]]:
    """The mappings of the list at a path."""
    *way, last = path
    found = table(value, *way).get(last)
    yield from (e for e in (found if isinstance(found, list) else ()) if isinstance(e, dict))


def text(value: object, *path: str) -> str:
    """The text at a path, or the number as one; empty where there is none."""
    *way, last = path
    found = table(value, *way).get(last)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def texts(value: object, *path: str) -> tuple[str, ...]:
    """The texts of the list at a path."""
    *way, last = path
    found = table(value, *way).get(last)
    return tuple(e for e in found if isinstance(e, str)) if isinstance(found, list) else ()


def number(value: object, *path: str) -> int | None:
    """The whole number at a path; None where there is none."""
    *way, last = path
    found = table(value, *way).get(last)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def labels_of(value: object, *path: str) -> dict[str, str]:
    """The mapping of texts at a path."""
    return {k: v for k, v in table(value, *path).items() if isinstance(v, str)}


def quantity(written: str) -> int | None:
    """A quantity as the API writes it, such as ``8Gi``; None where it is none.

    >>> quantity("8Gi"), quantity("2"), quantity("many")
    (8589934592, 2, None)
    """
    found = _QUANTITY.fullmatch(written)
    return int(float(found[1]) * _FACTORS[found[2] or ""]) if found else None
