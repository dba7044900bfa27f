"""What is wrong in the estate besides its redundancies: stale, doubled, ownerless, unexplained.

The redundancies that are none, the lone switch and the services without owner are where they
belong: in the layout, with power and with the services.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from cmdb.demo.layout import Bay, fqdn
from cmdb.demo.platform import software
from cmdb.demo.sources import Sources
from cmdb.items import ItemObservation, LinkObservation

FORGOTTEN = ("fax-gateway", "ftp", "old-intranet")
"""Physical servers that nothing has seen for 90 days."""
DOUBLED = ("backup1", "print1")
"""Servers that two sources know by one name and no common identifier."""


def bay_items(bay: Bay, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    """The forgotten and the doubled machines of a bay."""
    site = bay.data_centres[0]
    for purpose in FORGOTTEN:
        name = f"{site}-{purpose}{bay.tag}"
        yield sources.monitoring_long_ago.item(
            "Server",
            f"host-{name}",
            (fqdn(name),),
            {
                "name": name,
                "hostname": name,
                "operating_system": "CentOS Linux",
                "operating_system_version": "6.10",
            },
        )
    name = f"{site}-migration-test{bay.tag}"
    unique = bay.unique(name)
    yield sources.vcenter_long_ago.item(
        "VirtualMachine",
        f"vm-{name}",
        (f"uuid:{unique[:8]}-{unique[8:12]}-4{unique[13:16]}-b{unique[17:20]}-{unique[20:]}",),
        {"name": name, "operating_system": "Debian GNU/Linux 9 (64-bit)", "environment": "test"},
    )
    for purpose in DOUBLED:
        name = f"{bay.data_centres[1]}-{purpose}{bay.tag}"
        yield sources.netbox.item(
            "Server",
            f"device/{name}",
            (f"serial:CZ{rng.getrandbits(40):010X}",),
            {"name": name, "vendor": "HPE", "model": "ProLiant DL380 Gen10", "cpu_count": 32},
        )
        yield sources.monitoring.item(
            "Server",
            f"host-{name}",
            (fqdn(name),),
            {
                "name": name,
                "hostname": name,
                "operating_system": "Debian GNU/Linux",
                "cpu_count": 32,
            },
        )


def bay_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    """A connection to something that nobody reported."""
    client = bay.vms_of["reporting", "production"][0]
    yield sources.monitoring.link(
        "CONNECTS_TO",
        software(client),
        f"endpoint:default/tcp/172.31.{bay.number >> 8 & 255}.{bay.number & 255}:1521",
        confidence=0.8,
        evidence=f"ss -tnp on {client.name}",
    )
