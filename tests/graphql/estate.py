"""Loading the demo estate."""

from __future__ import annotations

from functools import cache

from cmdb.demo import demo_observations
from cmdb.ingest import Loaded, new_run
from cmdb.items import ItemObservation, LinkObservation, Observation
from cmdb.service import Cmdb


@cache
def observations() -> tuple[Observation, ...]:
    """What the demo's sources report, with the same times for every test of a process."""
    return tuple(demo_observations(7, None))


async def load_demo(cmdb: Cmdb) -> Loaded:
    """Load the smallest demo estate."""
    seen = observations()
    return await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("demo", actor="tester"),
        reason="the demo estate",
    )
