"""Three things to try with the demo estate, each with an item that is in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Highlight:
    """One thing to try: ``item`` is the name of an item of ``kind``, unique in the estate.

    ``title`` says what to look at, ``why`` what one sees, ``command`` asks for it.
    """

    title: str
    item: str
    kind: str
    why: str
    command: str


_HIGHLIGHTS = (
    Highlight(
        "A switch whose loss hurts",
        "dc1-r03-acc-sw1",
        "NetworkDevice",
        "Rack dc1-r03 has one access switch with one uplink. In that rack stands the ledger "
        "database, which has no standby: payments, checkout and the tills go down with it.",
        "cmdb impact dc1-r03-acc-sw1",
    ),
    Highlight(
        "A redundancy that is none",
        "search@production",
        "ServiceInstance",
        "Two machines serve search and one would do, but both run on the hypervisor dc1-hv03.",
        "cmdb impact dc1-hv03 --explain search@production",
    ),
    Highlight(
        "A database with a standby",
        "orders-db-1",
        "DatabaseInstance",
        "orders-db-2 takes over in the other data centre: orders and checkout stay up, at risk.",
        "cmdb impact orders-db-1",
    ),
)


def highlights() -> tuple[Highlight, ...]:
    """The three things to try, best first. Their items are in every demo estate of any seed."""
    return _HIGHLIGHTS
