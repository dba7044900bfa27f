"""Which scanners there are: every folder of this package that has a ``SCANNER``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from typing import Any

import discovery
from cmdb.errors import InvalidInput, did_you_mean, nearest
from discovery.scanner import Manifest, Scanner

SHARED = frozenset({"machine"})
"""Folders that hold what several scanners share, and are none."""


@lru_cache(maxsize=1)
def scanner_names() -> tuple[str, ...]:
    """The names of all scanners, sorted. Reads folder names only: nothing is imported."""
    found = pkgutil.iter_modules(discovery.__path__)
    return tuple(sorted(m.name for m in found if m.ispkg and m.name not in SHARED))


def load_scanner(name: str) -> Scanner[Any, Any]:
    """The scanner of that name; raises :class:`~cmdb.errors.InvalidInput` with suggestions.

    Its fetch imports what it needs when it is run, so loading one to list it is cheap.
    """
    names = scanner_names()
    if name not in names:
        raise InvalidInput(
            f"There is no scanner {name!r}{did_you_mean(nearest(name, names))} "
            f"There are {', '.join(names)}."
        )
    scanner = importlib.import_module(f"discovery.{name}").SCANNER
    if not isinstance(scanner, Scanner):
        raise TypeError(f"discovery.{name}.SCANNER must be a Scanner.")
    return scanner


def manifests() -> tuple[Manifest, ...]:
    """The manifests of all scanners, by name."""
    return tuple(load_scanner(name).manifest for name in scanner_names())
