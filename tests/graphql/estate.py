"""Loading the demo estate."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cmdb.configuration.baselines import take_baseline
from cmdb.demo import demo_observations
from cmdb.demo.desk import desk_observations
from cmdb.ingest import Loaded, new_run
from cmdb.items import ItemObservation, LinkObservation, Observation
from cmdb.records.actor import Actor
from cmdb.service import Cmdb


@cache
def observations() -> tuple[Observation, ...]:
    """What the demo's sources report, with the same times for every test of a process."""
    return tuple(demo_observations(7, None))


@cache
def records() -> tuple[Observation, ...]:
    """What the service desk did, with the same times for every test of a process."""
    return tuple(desk_observations(datetime.now(UTC)))


async def load_records(cmdb: Cmdb) -> None:
    """Load what the service desk of the demo estate did, and take a baseline."""
    seen = records()
    await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("servicedesk", actor="tester"),
        reason="the service desk",
    )
    await take_baseline(cmdb, Actor("tester"), "Core network", kinds=["NetworkDevice"], at=1)


async def load_demo(cmdb: Cmdb) -> Loaded:
    """Load the smallest demo estate."""
    seen = observations()
    return await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("demo", actor="tester"),
        reason="the demo estate",
    )
