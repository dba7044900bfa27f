"""The tools whose alerts are understood: one parser each, from JSON to alert values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from cmdb.alerts.alert import AlertValue
from cmdb.alerts.tools.alertmanager import read_alertmanager
from cmdb.alerts.tools.generic import read_generic, read_mappings
from cmdb.alerts.tools.pagerduty import read_pagerduty
from cmdb.errors import InvalidInput, did_you_mean, nearest

Read = Callable[[bytes], list[AlertValue]]

BUILT_IN: Mapping[str, Read] = MappingProxyType(
    {"alertmanager": read_alertmanager, "pagerduty": read_pagerduty}
)
"""The tools whose format is known; ``generic/<name>`` reads by a mapping of the user's."""
GENERIC = "generic/"


def read_alerts(tool: str, body: bytes, mappings: Path | None = None) -> list[AlertValue]:
    """The alerts in what a tool sent; ``mappings`` is the file of generic mappings.

    Raises :class:`~cmdb.errors.InvalidInput` that says what is wrong, with every alert that is;
    then none is taken.
    """
    read = BUILT_IN.get(tool)
    if read is not None:
        return read(body)
    known = read_mappings(mappings) if mappings is not None else {}
    name = tool.removeprefix(GENERIC)
    if tool.startswith(GENERIC) and name in known:
        return read_generic(known[name], body)
    names = [*BUILT_IN, *(f"{GENERIC}{other}" for other in known)]
    hint = did_you_mean(nearest(tool, names))
    raise InvalidInput(f"There is no tool {tool!r}{hint} There are {', '.join(names)}.")
