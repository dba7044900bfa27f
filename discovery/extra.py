"""Libraries that only some scanners need: each comes with an extra of the package."""

from __future__ import annotations

import importlib
from typing import Any

from cmdb.errors import InvalidInput


def required(module: str, extra: str) -> Any:
    """The module of that name; raises :class:`~cmdb.errors.InvalidInput` that says how to get it.

    >>> required("json", "sources").loads("[1]")
    [1]
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InvalidInput(
            f"This needs the library {module.partition('.')[0]}, which is not installed: "
            f"pip install 'cmdb-graph[{extra}]'"
        ) from None
