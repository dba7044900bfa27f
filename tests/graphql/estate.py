"""Loading the demo estate."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cmdb.demo import demo_observations
from cmdb.demo.desk import desk_observations
from cmdb.ingest import Loaded, new_run
from cmdb.items import ItemObservation, LinkObservation, Observation
from cmdb.service import Cmdb


@cache
def observations() -> tuple[Observation, ...]:
    """What the demo's sources report, with the same times for every test of a process."""
    return tuple(demo_observations(7, None))


async def load_records(cmdb: Cmdb) -> None:
    """Load what the service desk of the demo estate did."""
    seen = tuple(desk_observations(datetime.now(UTC)))
    await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("servicedesk", actor="tester"),
        reason="the service desk",
    )


async def load_demo(cmdb: Cmdb) -> Loaded:
    """Load the smallest demo estate."""
    seen = observations()
    return await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("demo", actor="tester"),
        reason="the demo estate",
    )
