"""The service desk of the demo estate: three months of incidents, problems, changes and requests.

What shows itself in them:

- *Search* went down four times with the hypervisor ``dc1-hv03``: a problem, its workaround is a
  known error, and a change planned for tonight will take that hypervisor down again;
- *tonight* two changes each work on one half of the orders database, and a third on what both stand
  on: alone each is harmless, together they are not;
- *Loyalty* had incidents that nobody has made a problem of yet;
- a change of three weeks ago failed and caused a major incident, which has its review;
- an emergency change, standard changes, a freeze, a blackout, a weekly maintenance window;
- requests in every state; one, for a virtual machine, waits for the machine to appear;
- somebody brought new software onto ``dc1-core-sw1`` and told nobody (see :func:`drift`).

People sign in as their mail name: ``ines.okafor`` leads Commerce, ``sanne.de.wit`` Platform. Four
sit on the change advisory board.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

from cmdb.demo.desk import changes, incidents, people, requests
from cmdb.demo.desk.desk import SOURCE, Desk
from cmdb.demo.sources import Source
from cmdb.items import ItemObservation, Observation

__all__ = ["SOURCE", "desk_observations", "drift"]


def desk_observations(now: datetime, seed: int = 7) -> Iterator[Observation]:
    """What the service desk's tool says: every record first, then every link. Times are relative
    to ``now``; the same two arguments give the same observations."""
    desk = Desk(now.replace(microsecond=0), Random(f"{seed}/desk"))
    for part in (people, changes, incidents, requests):
        part.fill(desk)
    yield from desk.items
    yield from desk.links


def drift(now: datetime) -> ItemObservation:
    """What monitoring sees after somebody worked on ``dc1-core-sw1`` without a change."""
    monitoring = Source("monitoring", now)
    return monitoring.item(
        "NetworkDevice", "dc1-core-sw1", (), {"operating_system_version": "4.32.1F"}
    )
