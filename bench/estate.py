"""What is loaded: hosts, the software on them and what it talks to. No chance is involved.

A plain shape rather than the demo estate, so that the number of items and links is exactly as
asked. Every fifth item is a Server, the others are SoftwareInstances. Each item has
``links_per_item`` links to other items, no two of them alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from cmdb.items import ItemObservation, LinkObservation

SOURCE = "bench"
START = datetime(2026, 1, 1, tzinfo=UTC)
SHAPE = (
    "hosts (1 in 5) and software on them, one source, 2 or 3 identifiers and 7 properties an item"
)
_SERVER_EACH = 5


def item_observations(count: int, time: datetime) -> Iterator[ItemObservation]:
    """The first ``count`` items as seen at ``time``."""
    for number in range(count):
        yield _server(number, time) if number % _SERVER_EACH == 0 else _software(number, time)


def link_observations(items: int, each: int, time: datetime) -> Iterator[LinkObservation]:
    """``each`` links from every item as seen at ``time``; fewer where there are too few items."""
    for number in range(items):
        for step in range(min(each, items - 1)):
            # Steps of growing odd length: neighbours at first, then ever further away.
            target = (number + 1 + step * (2 * step + 1) * 7) % items
            if target == number:
                continue
            yield LinkObservation(
                "CONNECTS_TO" if step % 2 else "DEPENDS_ON",
                _key(number),
                _key(target),
                SOURCE,
                time,
                strength="soft" if step % 3 == 2 else "hard",
            )


def _key(number: int) -> str:
    return f"key:{SOURCE}/{number}"


def _server(number: int, time: datetime) -> ItemObservation:
    name = f"host{number}"
    return ItemObservation(
        "Server",
        (_key(number), f"serial:sn{number:08d}", f"fqdn:{name}.example.org"),
        SOURCE,
        time,
        {
            "name": name,
            "description": f"Rack {number % 997}, unit {number % 42}",
            "hostname": name,
            "environment": ("production", "staging", "test")[number % 3],
            "vendor": "Example Machines",
            "model": f"M{number % 9}",
            "operating_system": "Debian GNU/Linux",
        },
    )


def _software(number: int, time: datetime) -> ItemObservation:
    host = f"host{number - number % _SERVER_EACH}"
    product = ("postgresql", "nginx", "redis", "java")[number % 4]
    port = 1024 + number % 60_000
    return ItemObservation(
        "SoftwareInstance",
        (_key(number), f"endpoint:{host}.example.org:{port}"),
        SOURCE,
        time,
        {
            "name": f"{product} on {host}",
            "description": f"Instance {number} of {product}",
            "product": product,
            "version": f"{number % 17}.{number % 5}",
            "port": port,
            "user": product,
            "command": f"/usr/bin/{product} --port {port}",
        },
    )
