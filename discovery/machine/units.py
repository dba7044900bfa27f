"""Services of systemd: which process is of which, and which ones the machine's people wrote."""

from __future__ import annotations

import re
from collections.abc import Collection

UNITS_FOLDER = "/etc/systemd/system"
"""Where the units are that no package brought."""
_SERVICE = re.compile(r"/(?P<unit>[^/\n]+)\.service(?=/|$)", re.MULTILINE)
_SUFFIX = ".service"
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


def unit_of(cgroups: str) -> str:
    """The service that a process with these control groups is part of; empty where it is of none.

    >>> unit_of("0::/system.slice/system-shop.slice/shop@blue.service")
    'shop@blue'
    >>> unit_of("0::/system.slice/docker-0123.scope")
    ''
    """
    unit = ""
    if cgroups.endswith(_SUFFIX) and "/" in cgroups:
        unit = cgroups.rpartition("/")[2].removesuffix(_SUFFIX)
    # Most processes are of the service that their only group ends with; the others are searched.
    if (not unit or "\n" in unit) and (found := _SERVICE.findall(cgroups)):
        unit = found[-1]
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), unit) if "\\" in unit else unit


def own_services(files: Collection[str]) -> tuple[str, ...]:
    """The services among the names of units, sorted, without those that a timer starts: they run
    for a while, and are not there the rest of the time.

    >>> own_services(["shop.service", "backup.service", "backup.timer", "shop.socket"])
    ('shop',)
    """
    timed = {name.removesuffix(".timer") for name in files if name.endswith(".timer")}
    services = {name.removesuffix(".service") for name in files if name.endswith(".service")}
    return tuple(sorted(services - timed))


def units_among(own: Collection[str], running: Collection[str]) -> list[str]:
    """Those of the running services that are of one's own, or made from a template of one's own.

    >>> units_among(["shop@", "worker"], ["shop@blue", "shop@green", "worker", "cron"])
    ['shop@blue', 'shop@green', 'worker']
    """

    if not own:
        return []
    wanted = frozenset(own)

    def template(unit: str) -> str:
        return "".join(unit.partition("@")[:2])

    return sorted(unit for unit in running if unit and {unit, template(unit)} & wanted)
