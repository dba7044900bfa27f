"""Libraries that only some sources need, installed with the extra that has them."""

from __future__ import annotations

import importlib
from typing import Any

from cmdb.errors import InvalidSettings


def required(module: str, extra: str) -> Any:
    """The module of that name.

    Raises :class:`~cmdb.errors.InvalidSettings` that says what to install where it is not there.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise InvalidSettings(
            f"This needs the library {module.partition('.')[0]}: pip install 'cmdb-graph[{extra}]'"
        ) from None
