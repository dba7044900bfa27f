"""Which scanners there are: every folder of this package that has a ``SCANNER``, and every one
that an installed package names as an entry point of the group ``cmdb.scanners``."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from functools import lru_cache
from typing import Any

import discovery
from cmdb.errors import InvalidInput, did_you_mean, nearest
from discovery.scanner import Manifest, Scanner

GROUP = "cmdb.scanners"
SHARED = frozenset({"machine"})
"""Folders that hold what several scanners share, and are none."""


@lru_cache(maxsize=1)
def scanner_names() -> tuple[str, ...]:
    """The names of all scanners, sorted. Nothing of them is imported."""
    return tuple(sorted({*own_names(), *_installed()}))


@lru_cache(maxsize=1)
def own_names() -> tuple[str, ...]:
    """The names of the scanners that come with the product, sorted."""
    found = pkgutil.iter_modules(discovery.__path__)
    return tuple(sorted(m.name for m in found if m.ispkg and m.name not in SHARED))


@lru_cache(maxsize=1)
def _installed() -> dict[str, importlib.metadata.EntryPoint]:
    """The scanners of other packages by name; one of ours is never replaced."""
    found = importlib.metadata.entry_points(group=GROUP)
    return {point.name: point for point in found if point.name not in own_names()}


def load_scanner(name: str) -> Scanner[Any, Any]:
    """The scanner of that name.

    Its fetch imports what it needs when it is run, so loading one to list it is cheap. Raises
    :class:`~cmdb.errors.InvalidInput` with suggestions where there is none, and with what is wrong
    where another package's can't be used.
    """
    if name in own_names():
        scanner = importlib.import_module(f"discovery.{name}").SCANNER
        if not isinstance(scanner, Scanner):
            raise TypeError(f"discovery.{name}.SCANNER must be a Scanner.")
        return scanner
    if name in _installed():
        return _of_package(_installed()[name])
    names = scanner_names()
    raise InvalidInput(
        f"There is no scanner {name!r}{did_you_mean(nearest(name, names))} "
        f"There are {', '.join(names)}."
    )


def _of_package(point: importlib.metadata.EntryPoint) -> Scanner[Any, Any]:
    package = point.dist.name if point.dist is not None else point.value
    try:
        scanner = point.load()
    except Exception as error:
        raise InvalidInput(
            f"The scanner {point.name} of {package} can't be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(scanner, Scanner) or scanner.manifest.name != point.name:
        raise InvalidInput(
            f"{point.value} of {package} must be a Scanner whose manifest is named {point.name!r}."
        )
    return scanner


def manifests() -> tuple[Manifest, ...]:
    """The manifests of the scanners that come with the product, by name."""
    return tuple(load_scanner(name).manifest for name in own_names())
