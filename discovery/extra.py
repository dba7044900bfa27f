"""Libraries that only some sources need: each is in an extra of the package."""

from __future__ import annotations

import importlib
from types import ModuleType

from cmdb.errors import InvalidInput


def required(module: str, extra: str) -> ModuleType:
    """The module; raises :class:`~cmdb.errors.InvalidInput` that says which extra it comes with."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        if error.name and error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise InvalidInput(
            f"The library {module.partition('.')[0]} is not installed: "
            f"pip install 'cmdb-graph[{extra}]'"
        ) from None
