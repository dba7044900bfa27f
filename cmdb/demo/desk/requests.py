"""Service requests of three months, in every state."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from cmdb.demo.desk.desk import DAYS, Desk, login
from cmdb.demo.desk.people import ENGINEERS, SERVICE_DESK, lead
from cmdb.items import Value

_ASKED = (
    ("virtual-machine", "A virtual machine for load tests", {"name": "dc1-loadtest-1"}, "Platform"),
    ("access", "Read the ledger for the audit", {"target": "ledger"}, "Databases"),
    ("software", "A licence for the design tool", {"product": "Drawbridge"}, "Commerce"),
    ("access", "See the tills' dashboards", {"target": "store-pos"}, "Stores"),
)
_TIMES = 6
"""How often each was asked for and done."""


def fill(desk: Desk) -> None:
    """Add requests that are done, and a few that are not."""
    for number in range(_TIMES * len(_ASKED)):
        item, about, form, team = _ASKED[number % len(_ASKED)]
        opened = desk.ago(DAYS * (1 - (number + 1) / (_TIMES * len(_ASKED) + 1)) + 2)
        done = opened + timedelta(hours=desk.rng.uniform(2, 70))
        _request(
            desk,
            item,
            about,
            form,
            team,
            opened,
            {
                "state": "closed_complete",
                "fulfilled_at": done,
                "closed_at": done,
                "close_notes": "Done.",
            },
        )
    machine, access, software, _ = _ASKED
    named = {"name": "dc2-loadtest-2"}
    _request(desk, *machine[:2], named, machine[3], desk.ago(1), {"state": "in_process"})
    waits = _request(desk, *access, desk.ago(0, 4), {"state": "requested", "stage": "approval"})
    approval = desk.record(
        "Approval", {"state": "requested", "authority": "owner", "approver": access[3]}
    )
    desk.link("CHILD_OF", approval, waits)
    _request(
        desk,
        *software,
        desk.ago(9),
        {
            "state": "closed_rejected",
            "closed_at": desk.ago(8),
            "close_notes": f"{lead('Commerce')}: we have licences to spare, ask me.",
        },
    )


def _request(
    desk: Desk,
    item: str,
    about: str,
    form: dict[str, str],
    team: str,
    opened: datetime,
    values: dict[str, Value | datetime | None],
) -> str:
    who = desk.rng.choice(ENGINEERS["Insights"])
    return desk.record(
        "ServiceRequest",
        {
            "short_description": about,
            "catalog_item": item,
            "form": json.dumps(form),
            "requested_for": login(who),
            "opened_by": login(who),
            "opened_at": opened,
            "assignment_group": team,
            "assigned_to": login(desk.rng.choice(SERVICE_DESK)),
            "impact": 3,
            "urgency": 3,
            "priority": 5,
            "until": opened + timedelta(days=180) if item == "access" else None,
            **values,
        },
    )
