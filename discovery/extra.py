"""Libraries that only some sources need: they come with an extra of the package."""

from __future__ import annotations

import importlib
from types import ModuleType

from cmdb.errors import InvalidInput


def required(module: str, extra: str) -> ModuleType:
    """The module, imported; raises :class:`~cmdb.errors.InvalidInput` that says how to get it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise InvalidInput(
            f"This source needs {module.partition('.')[0]}: pip install 'cmdb-graph[{extra}]'"
        ) from None
