"""Incidents and problems of three months."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from cmdb.demo.desk.changes import BAD_CHANGE, BAD_CHANGE_DAYS
from cmdb.demo.desk.desk import Desk, database, host, login, service
from cmdb.demo.desk.people import ENGINEERS, SERVICE_DESK
from cmdb.incidents.priority import priority
from cmdb.items import Value


class Trouble(NamedTuple):
    """A kind of trouble: what is affected and what caused it, who mends it, how often, how bad."""

    about: str
    affects: tuple[str, ...]
    caused_by: str | None
    team: str
    times: int
    impact: int
    category: str
    code: str
    notes: str


TROUBLES = (
    Trouble(
        "Search returns nothing",
        (service("search"),),
        host("dc1-hv03"),
        "Platform",
        4,
        1,
        "availability",
        "workaround",
        "Restarted the virtual machines on dc1-hv03 once the hypervisor was back.",
    ),
    Trouble(
        "Loyalty points are not shown",
        (service("loyalty"),),
        host("dc2-hv05"),
        "Customer",
        5,
        2,
        "availability",
        "workaround",
        "Restarted loyalty-db on both machines.",
    ),
    Trouble(
        "Payments are slow",
        (service("payments"), service("checkout")),
        database("ledger-db-1"),
        "Databases",
        6,
        1,
        "performance",
        "fixed",
        "Vacuumed the ledger and killed a long transaction.",
    ),
    Trouble(
        "Tills can't reach the head office",
        (service("store-pos"),),
        host("dc1-gw1"),
        "Network",
        3,
        1,
        "connectivity",
        "fixed",
        "The carrier mended the line.",
    ),
    Trouble(
        "Parcel labels are late",
        (service("shipping"),),
        service("shipping"),
        "Fulfilment",
        12,
        2,
        "performance",
        "fixed",
        "Restarted the label worker.",
    ),
    Trouble(
        "Customers can't sign in",
        (service("identity"), service("customer")),
        database("identity-db-1"),
        "Customer",
        4,
        1,
        "availability",
        "fixed",
        "Failed over to identity-db-2 and back.",
    ),
    Trouble(
        "Stock levels are out of date",
        (service("inventory"),),
        None,
        "Fulfilment",
        14,
        3,
        "data",
        "fixed",
        "Ran the reconciliation job again.",
    ),
    Trouble(
        "Report is empty",
        (service("reporting"),),
        None,
        "Insights",
        16,
        3,
        "data",
        "user_error",
        "The filter was set to a day without sales.",
    ),
    Trouble(
        "Pictures load slowly",
        (service("media"),),
        None,
        "Commerce",
        10,
        3,
        "performance",
        "fixed",
        "Warmed the cache again.",
    ),
    Trouble(
        "Supplier can't upload an invoice",
        (service("supplier-portal"),),
        None,
        "Payments",
        13,
        3,
        "access",
        "user_error",
        "The file was larger than allowed.",
    ),
)
"""In all 87, spread over three months; some are still open."""

STILL_OPEN = {"Parcel labels are late": "in_progress", "Report is empty": "new"}
"""The latest of these is open, in this state."""
OPEN_FOR = timedelta(hours=5)


def fill(desk: Desk) -> None:
    """Add incidents in the order in which they came, and the problems behind them."""
    made: dict[str, list[str]] = {}
    major = ""
    for opened, trouble, state in _order(desk):
        if trouble is None:
            major = _major(desk, opened)
        else:
            key = _incident(desk, trouble, opened, state)
            made.setdefault(trouble.about, []).append(key)
    _problems(desk, made["Search returns nothing"], made["Payments are slow"], major)


def _order(desk: Desk) -> list[tuple[datetime, Trouble | None, str | None]]:
    """When each trouble came, with the state of those that are not over; None is the major one."""
    major = desk.ago(BAD_CHANGE_DAYS) + timedelta(minutes=50)
    rows: list[tuple[datetime, Trouble | None, str | None]] = [(major, None, None)]
    for trouble in TROUBLES:
        for number in range(trouble.times):
            share = (number + desk.rng.uniform(0.1, 0.9)) / trouble.times
            opened = desk.ago(88 * (1 - share) + 1.5)
            is_last = number == trouble.times - 1
            state = STILL_OPEN.get(trouble.about) if is_last else None
            rows.append((desk.now - OPEN_FOR if state else opened, trouble, state))
    return sorted(rows, key=lambda row: row[0])


def _incident(desk: Desk, trouble: Trouble, opened: datetime, state: str | None) -> str:
    rng = desk.rng
    urgency = min(3, trouble.impact + (rng.random() < 0.4))
    acknowledged = opened + timedelta(minutes=rng.randint(2, 45))
    resolved = acknowledged + timedelta(minutes=rng.randint(15, 180) * trouble.impact)
    is_over = state is None
    properties: dict[str, Value | datetime | None] = {
        "short_description": trouble.about,
        "state": state or "closed",
        "category": trouble.category,
        "opened_at": opened,
        "opened_by": login(rng.choice(SERVICE_DESK)),
        "assignment_group": trouble.team,
        "impact": trouble.impact,
        "impact_manual": trouble.impact,
        "urgency": urgency,
        "priority": priority(trouble.impact, urgency),
    }
    if state != "new":
        properties["acknowledged_at"] = acknowledged
        properties["assigned_to"] = login(rng.choice(ENGINEERS[trouble.team]))
    if is_over:
        properties |= {
            "resolved_at": resolved,
            "resolved_by": properties["assigned_to"],
            "closed_at": resolved + timedelta(days=2),
            "close_code": trouble.code,
            "close_notes": trouble.notes,
            "reopen_count": int(rng.random() < 0.06),
            "reassignment_count": int(rng.random() < 0.25),
        }
        if resolved + timedelta(days=2) > desk.now:
            properties |= {"state": "resolved", "closed_at": None}
    key = desk.record("Incident", properties)
    desk.link("AFFECTS", key, trouble.affects)
    if trouble.caused_by is not None and is_over:
        desk.link("CAUSED_BY", key, trouble.caused_by)
    return key


def _major(desk: Desk, opened: datetime) -> str:
    """The major incident that a failed change brought about."""
    key = desk.record(
        "Incident",
        {
            "short_description": "Checkout is down for all customers",
            "state": "closed",
            "category": "availability",
            "opened_at": opened,
            "opened_by": login("Ruth Abara"),
            "assigned_to": login("Deniz Kaya"),
            "assignment_group": "Payments",
            "acknowledged_at": opened + timedelta(minutes=3),
            "resolved_at": opened + timedelta(minutes=72),
            "resolved_by": login("Deniz Kaya"),
            "closed_at": opened + timedelta(days=5),
            "impact": 1,
            "impact_manual": 1,
            "urgency": 1,
            "priority": 1,
            "major_incident_state": "accepted",
            "major_incident_owner": login("Tobias Lindqvist"),
            "close_code": "backed_out",
            "close_notes": "The upgrade of checkout was backed out.",
            "review": "The test plan had no purchase in it that pays by card. Added one; the "
            "pipeline runs it before each upgrade.",
            "work_notes": [
                "Nobody can pay. The last change on checkout was 50 minutes before.",
                "Backing out.",
                "Purchases go through again.",
            ],
        },
    )
    desk.link("AFFECTS", key, [service("checkout"), service("webshop")])
    desk.link("CAUSED_BY", key, [BAD_CHANGE, service("checkout")])
    return key


def _problems(desk: Desk, searches: list[str], payments: list[str], major: str) -> None:
    search = desk.record(
        "Problem",
        {
            "short_description": "Search goes down with one hypervisor",
            "state": "fix_in_progress",
            "origin": "reactive",
            "opened_at": desk.ago(30),
            "opened_by": login("Hanna Virtanen"),
            "assigned_to": login("Hanna Virtanen"),
            "assignment_group": "Platform",
            "impact": 1,
            "urgency": 2,
            "priority": 2,
            "known_error": True,
            "cause_notes": "Both machines of search run on dc1-hv03; one would do, if it stood "
            "elsewhere.",
            "workaround": "Start dc1-search-1 on dc1-hv04 by hand; search is back in ten minutes.",
        },
    )
    desk.link("AFFECTS", search, service("search"))
    desk.link("CAUSED_BY", search, host("dc1-hv03"))
    for incident in searches:
        desk.link("RELATES_TO", search, incident)
    ledger = desk.record(
        "Problem",
        {
            "short_description": "The ledger slows down at the end of the month",
            "state": "root_cause_analysis",
            "origin": "reactive",
            "opened_at": desk.ago(12),
            "opened_by": login("Beatriz Alves"),
            "assigned_to": login("Beatriz Alves"),
            "assignment_group": "Databases",
            "impact": 1,
            "urgency": 1,
            "priority": 1,
            "known_error": False,
        },
    )
    desk.link("CAUSED_BY", ledger, database("ledger-db-1"))
    for incident in payments[-3:]:
        desk.link("RELATES_TO", ledger, incident)
    tests = desk.record(
        "Problem",
        {
            "short_description": "Upgrades of checkout are not tested with a card",
            "state": "closed",
            "origin": "reactive",
            "opened_at": desk.ago(20),
            "resolved_at": desk.ago(11),
            "closed_at": desk.ago(9),
            "opened_by": login("Tobias Lindqvist"),
            "assigned_to": login("Astrid Nyman"),
            "assignment_group": "Payments",
            "impact": 1,
            "urgency": 2,
            "priority": 2,
            "known_error": False,
            "cause_notes": "The test plan had no purchase that pays by card.",
            "fix_notes": "The pipeline buys something with a card before each upgrade.",
            "resolution_code": "fix_applied",
        },
    )
    desk.link("CAUSED_BY", tests, service("checkout"))
    desk.link("RELATES_TO", tests, major)
