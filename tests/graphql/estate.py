"""Loading the demo estate."""

from __future__ import annotations

from cmdb.demo import demo_observations
from cmdb.ingest import Loaded, new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.service import Cmdb


async def load_demo(cmdb: Cmdb) -> Loaded:
    """Load the smallest demo estate."""
    seen = list(demo_observations(7, None))
    return await cmdb.load(
        [o for o in seen if isinstance(o, ItemObservation)],
        [o for o in seen if isinstance(o, LinkObservation)],
        new_run("demo", actor="tester"),
        reason="the demo estate",
    )
