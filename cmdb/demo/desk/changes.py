"""Changes of three months, those of tonight, and the calendar that they have to keep."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from cmdb.demo.desk.desk import DAYS, Desk, database, host, login, service
from cmdb.demo.desk.people import CHANGE_ADVISORY_BOARD, ENGINEERS, lead
from cmdb.items import Value

BAD_CHANGE = "name:Change/CHG0000001"
"""The upgrade that caused the major incident."""
BAD_CHANGE_DAYS = 21

_PLANS = {
    "implementation_plan": "Announce it; drain; do the work; check; put it back into service.",
    "backout_plan": "Restore the snapshot taken before.",
    "test_plan": "The health check is green for ten minutes.",
}


class Work(NamedTuple):
    """A kind of work that was done: on what, how, by whom, how often, and how often it failed."""

    about: str
    items: tuple[str, ...]
    action: str
    team: str
    type: str
    times: int
    failures: int
    service: str | None = None


WORKS = (
    Work("Deploy webshop", (service("webshop"),), "upgrade", "Commerce", "standard", 9, 1, "x"),
    Work("Deploy checkout", (service("checkout"),), "upgrade", "Payments", "standard", 7, 0, "x"),
    Work("Deploy search", (service("search"),), "upgrade", "Commerce", "standard", 5, 1, "x"),
    Work("Patch dc2-hv01", (host("dc2-hv01"),), "restart", "Platform", "normal", 2, 0),
    Work("Patch dc1-hv07", (host("dc1-hv07"),), "restart", "Platform", "normal", 2, 0),
    Work(
        "Upgrade customer-db", (database("customer-db-2"),), "upgrade", "Databases", "normal", 1, 1
    ),
    Work("Renew certificates", (service("identity"),), "configure", "Customer", "standard", 3, 0),
    Work(
        "Replace dc1-r02-acc-sw1", (host("dc1-r02-acc-sw1"),), "replace", "Network", "normal", 1, 0
    ),
    Work(
        "Free the ledger's disk",
        (database("ledger-db-1"),),
        "configure",
        "Databases",
        "emergency",
        2,
        0,
    ),
)  # fmt: skip - a table


def fill(desk: Desk) -> None:
    """Add changes that are done, those of tonight, and the calendar."""
    _bad(desk)
    for work in WORKS:
        for number in range(work.times):
            share = (number + desk.rng.uniform(0.1, 0.9)) / work.times
            start = desk.ago(DAYS * (1 - share) * 0.95 + 2).replace(hour=21, minute=30, second=0)
            _done(desk, work, start, fails=number < work.failures)
    _tonight(desk)
    _calendar(desk)


def _bad(desk: Desk) -> None:
    start = desk.ago(BAD_CHANGE_DAYS)
    key = _change(
        desk,
        "Upgrade checkout to 5.8.0",
        (service("checkout"),),
        "upgrade",
        "Payments",
        "normal",
        start,
        start + timedelta(hours=2),
        {
            "state": "closed",
            "work_start": start + timedelta(minutes=2),
            "work_end": start + timedelta(minutes=122),
            "closed_at": start + timedelta(days=3),
            "close_code": "backed_out",
            "close_notes": "Nobody could pay; backed out.",
            "review_status": "done",
            "review_notes": "See the major incident's review.",
            "deployment": True,
            "committed_at": start - timedelta(hours=30),
        },
    )
    if key != BAD_CHANGE:
        raise AssertionError(f"the bad change is {key}")
    _approved(desk, key, start, ("owner", "cab"), "Payments")


def _done(desk: Desk, work: Work, start: datetime, *, fails: bool) -> None:
    rng = desk.rng
    end = start + timedelta(hours=2)
    began = start + timedelta(minutes=rng.randint(0, 15))
    code = rng.choice(("failed", "backed_out")) if fails else "successful"
    if not fails and rng.random() < 0.1:
        code = "successful_issues"
    values: dict[str, Value | datetime | None] = {
        "state": "closed",
        "work_start": began,
        "work_end": began + timedelta(minutes=rng.randint(10, 100)),
        "closed_at": start + timedelta(days=1, hours=12),
        "close_code": code,
        "close_notes": "Done as planned." if not fails else "Did not come up; see the notes.",
        "review_status": "done",
        "review_notes": "Nothing to add." if not fails else "The plan lacked a step.",
    }
    if work.service is not None:
        values |= {
            "deployment": True,
            "commit": f"{rng.getrandbits(160):040x}",
            "committed_at": began - timedelta(hours=rng.uniform(3, 60)),
            "change_model": "deployment",
        }
    key = _change(
        desk, work.about, work.items, work.action, work.team, work.type, start, end, values
    )
    if work.type == "normal":
        _approved(desk, key, start, ("peer",), work.team)


def _tonight(desk: Desk) -> None:
    scheduled: dict[str, Value | datetime | None] = {"state": "scheduled"}
    planned = (
        ("Patch dc1-hv03", (host("dc1-hv03"),), "restart", "Platform", 0.0, 2.0),
        (
            "Minor release on orders-db-1",
            (database("orders-db-1"),),
            "restart",
            "Databases",
            0.5,
            1.5,
        ),
        ("New memory for dc2-db01", (host("dc2-db01"),), "restart", "Data Centres", 1.0, 2.0),
        (
            "New firmware on dc1-r03-acc-sw1",
            (host("dc1-r03-acc-sw1"),),
            "restart",
            "Network",
            2.0,
            3.0,
        ),
    )  # fmt: skip - a table
    for about, items, action, team, begins, ends in planned:
        start, end = desk.tonight(begins), desk.tonight(ends)
        key = _change(desk, about, items, action, team, "normal", start, end, scheduled)
        _approved(desk, key, desk.now, ("owner", "cab"), team)
    start = desk.tonight(26)
    asked = _change(
        desk,
        "Move dc1-search-1 to dc1-hv04",
        ("key:vcenter/vm-dc1-search-1",),
        "configure",
        "Platform",
        "normal",
        start,
        start + timedelta(hours=1),
        {"state": "authorize"},
    )
    desk.link("FIXED_BY", "name:Problem/PRB0000001", asked)
    for authority, approver in (("owner", "Platform"), ("cab", None)):
        approval = desk.record(
            "Approval", {"state": "requested", "authority": authority, "approver": approver}
        )
        desk.link("CHILD_OF", approval, asked)


def _change(
    desk: Desk,
    about: str,
    items: tuple[str, ...],
    action: str,
    team: str,
    change_type: str,
    start: datetime,
    end: datetime,
    values: dict[str, Value | datetime | None],
) -> str:
    who = desk.rng.choice(ENGINEERS[team])
    opened = min(start, desk.now) - timedelta(days=desk.rng.randint(2, 9))
    key = desk.record(
        "Change",
        {
            "short_description": about,
            "change_type": change_type,
            "opened_at": opened,
            "opened_by": login(who),
            "requested_by": login(who),
            "assigned_to": login(next(e for e in ENGINEERS[team] if e != who)),
            "assignment_group": team,
            "start_date": start,
            "end_date": end,
            "actions": json.dumps(dict.fromkeys(items, action)),
            **_PLANS,
            **values,
        },
    )
    desk.link("CHANGES", key, items)
    return key


def _approved(
    desk: Desk, change: str, start: datetime, authorities: tuple[str, ...], team: str
) -> None:
    for authority in authorities:
        board = [p for p in CHANGE_ADVISORY_BOARD if p != lead(team)]
        who = desk.rng.choice(board) if authority == "cab" else lead(team)
        key = desk.record(
            "Approval",
            {
                "state": "approved",
                "authority": authority,
                "approver": team if authority == "owner" else None,
                "decided_by": login(who),
                "decided_at": start - timedelta(days=1, hours=4),
                "comments": "Fine.",
            },
        )
        desk.link("CHILD_OF", key, change)


def _calendar(desk: Desk) -> None:
    sunday = desk.ago(DAYS).replace(hour=1, minute=0, second=0)
    sunday -= timedelta(days=(sunday.weekday() + 1) % 7)
    desk.record(
        "MaintenanceWindow",
        {
            "description": "Sunday night, for everything",
            "window_type": "maintenance",
            "start_date": sunday,
            "end_date": sunday + timedelta(hours=4),
            "time_zone": "Europe/London",
            "recurrence": "FREQ=WEEKLY;BYDAY=SU",
        },
    )
    batch = desk.ago(DAYS).replace(hour=3, minute=0, second=0)
    ledger = desk.record(
        "MaintenanceWindow",
        {
            "description": "The ledger closes its day",
            "window_type": "blackout",
            "start_date": batch,
            "end_date": batch + timedelta(hours=1),
            "time_zone": "Europe/London",
            "recurrence": "FREQ=DAILY",
        },
    )
    desk.link("AFFECTS", ledger, [database("ledger-db-1"), "name:Database/ledger on ledger-db"])
    sale = (desk.now + timedelta(days=12)).replace(hour=0, minute=0, second=0)
    desk.record(
        "MaintenanceWindow",
        {
            "description": "No changes during the sale",
            "window_type": "freeze",
            "start_date": sale,
            "end_date": sale + timedelta(days=4),
            "time_zone": "Europe/London",
        },
    )
