"""The metrics of ITIL 4's practices, and the flow of work (Kanban)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cmdb.items import Item
from cmdb.records.lifecycle import LifeCycle, Phase
from cmdb.records.lifecycles import LIFE_CYCLES
from cmdb.records.records import life_cycle, state_of
from cmdb.reports.agreed import Spans, agreed_time, hours, meet, union
from cmdb.reports.desk import Desk, count, durations, numbers, says, share, when
from cmdb.reports.report import Measure, Section

GRAVE = (1, 2)
"""Priorities of incidents in which what they affect counts as down."""


def itil(desk: Desk) -> tuple[Section, ...]:
    """Incident, problem, change and request management, availability, and flow."""
    return (
        _incidents(desk),
        _problems(desk),
        changes(desk),
        _requests(desk),
        availability(desk),
        *flow(desk),
    )


def _incidents(desk: Desk) -> Section:
    opened = [i for i in desk.within("Incident", "opened_at") if not says("state", "canceled")(i)]
    resolved = desk.within("Incident", "resolved_at")
    return Section(
        "",
        "Incident management",
        (
            count("Incidents opened", opened, "Opened in the window and not canceled."),
            count(
                "Major incidents",
                [i for i in opened if says("major_incident_state", "accepted")(i)],
                "Of these, accepted as major.",
            ),
            *durations(
                "Time to acknowledge",
                opened,
                "opened_at",
                "acknowledged_at",
                "From opening until somebody first took it up (MTTA).",
            ),
            *durations(
                "Time to restore",
                resolved,
                "opened_at",
                "resolved_at",
                "From opening until service was restored (MTTR: R is restore).",
            ),
            share(
                "Reopened",
                resolved,
                lambda i: _number(i, "reopen_count") > 0,
                "Of those resolved in the window, reopened at least once.",
            ),
            share(
                "Solved at first contact",
                resolved,
                lambda i: not _number(i, "reassignment_count") and not _number(i, "reopen_count"),
                "Of those resolved in the window, by the first team and for good.",
            ),
            share(
                "With a known cause",
                resolved,
                lambda i: bool(desk.ends(i, "CAUSED_BY")),
                "Of those resolved in the window, with the item or change that caused them.",
            ),
        ),
    )  # fmt: skip - a table


def _problems(desk: Desk) -> Section:
    is_open = [p for p in desk.by_kind.get("Problem", ()) if _phase(p) is not Phase.ENDED]
    ages = [(desk.until - t) / timedelta(days=1) for p in is_open if (t := when(p, "opened_at"))]
    major = [
        i
        for i in desk.within("Incident", "opened_at")
        if says("major_incident_state", "accepted")(i)
    ]
    return Section(
        "",
        "Problem management",
        (
            count("Open problems", is_open, "Not closed at the end of the window."),
            count(
                "Known errors",
                [p for p in is_open if p.properties.get("known_error") is True],
                "Of these, analysed and not fixed.",
            ),
            Measure(
                "Age of the backlog, mean",
                round(sum(ages) / len(ages), 1) if ages else None,
                "d",
                len(ages),
                "How long open problems have been open.",
                numbers(is_open),
            ),
            share(
                "Major incidents with a problem",
                major,
                lambda i: bool(_problems_of(desk, i)),
                "Of the major incidents of the window.",
            ),
        ),
    )  # fmt: skip - a table


def _problems_of(desk: Desk, incident: Item) -> list[Item]:
    related = [
        *desk.ends(incident, "RELATES_TO"),
        *desk.linked_from(incident, "RELATES_TO"),
    ]
    return [record for record in related if record.kind == "Problem"]


def changes(desk: Desk) -> Section:
    """Change enablement: success, failure, emergencies, what nobody agreed to."""
    done = [
        c
        for c in desk.within("Change", "work_end")
        if says("state", "closed")(c) and says("close_code")(c)
    ]
    opened = desk.within("Change", "opened_at")
    return Section(
        "",
        "Change enablement",
        (
            count("Changes implemented", done, "Ended in the window and closed."),
            share(
                "Successful",
                done,
                says("close_code", "successful"),
                "Of these, as planned; those with issues count apart.",
            ),
            share(
                "Successful with issues",
                done,
                says("close_code", "successful_issues"),
                "Of these, done with issues.",
            ),
            share(
                "Failed",
                done,
                says("close_code", "failed", "backed_out"),
                "Of these, failed or backed out.",
            ),
            share(
                "Emergencies",
                opened,
                says("change_type", "emergency"),
                "Of the changes opened in the window.",
            ),
            count(
                "Unauthorised",
                [c for c in opened if c.properties.get("unauthorized") is True],
                "Opened in the window for work that nobody had agreed to.",
            ),
            share("Reviewed", done, says("review_notes"), "Of those implemented, with a review."),
        ),
    )  # fmt: skip - a table


def _requests(desk: Desk) -> Section:
    opened = desk.within("ServiceRequest", "opened_at")
    done = desk.within("ServiceRequest", "fulfilled_at")
    return Section(
        "",
        "Service request management",
        (
            count("Requests opened", opened, "Opened in the window."),
            *durations(
                "Time to fulfil",
                done,
                "opened_at",
                "fulfilled_at",
                "From asking until it was there.",
            ),
            share("Rejected", opened, says("state", "closed_rejected"), "Of those opened."),
        ),
    )  # fmt: skip - a table


def availability(desk: Desk) -> Section:
    """Availability and time between failures, per service that had a grave incident.

    The agreed time A is the service hours less the agreed maintenance, D is what of A a grave
    incident took; availability is (A - D) / A.
    """
    measures: list[Measure] = []
    missing: list[str] = []
    failures = _failures(desk)
    for service in sorted(failures, key=lambda i: (desk.items[i].name, i)):
        agreed, complaints = agreed_time(desk, desk.items[service])
        missing += sorted(complaints)
        measures += _availability(desk, desk.items[service], agreed, failures[service])
    if not failures:
        missing.append("No service had an incident of priority 1 or 2.")
    return Section("", "Availability management", tuple(measures), tuple(dict.fromkeys(missing)))


Failure = tuple[datetime, datetime, Item]
"""When a service failed and came back, within the window, and the incident."""


def _failures(desk: Desk) -> dict[str, list[Failure]]:
    found: dict[str, list[Failure]] = {}
    for incident in desk.by_kind.get("Incident", ()):
        start = when(incident, "opened_at")
        if start is None or incident.properties.get("priority") not in GRAVE:
            continue
        end = when(incident, "resolved_at") or desk.until
        if end <= desk.since or start >= desk.until or says("state", "canceled")(incident):
            continue
        for item in desk.ends(incident, "AFFECTS"):
            if item.kind == "ServiceInstance":
                span = (max(start, desk.since), min(end, desk.until), incident)
                found.setdefault(item.id, []).append(span)
    return found


def _availability(
    desk: Desk, service: Item, agreed: Spans, failures: Sequence[Failure]
) -> tuple[Measure, Measure]:
    """A failure that lies outside the agreed time altogether is none."""
    counted = [f for f in failures if meet(agreed, [f[:2]])]
    lost = hours(meet(agreed, union([f[:2] for f in counted])))
    whole, n, shown = hours(agreed), len(counted), numbers(f[2] for f in counted)
    said = (
        f"The share of {whole:g} agreed hours (service hours less agreed maintenance) without an "
        f"incident of priority 1 or 2 that affects it.{_targets(desk, service)}"
    )
    share_up = round(100 * (whole - lost) / whole, 3) if whole else None
    between = round((whole - lost) / n, 1) if n else None
    return (
        Measure(f"Availability of {service.name}", share_up, "%", n, said, shown),
        Measure(
            f"Time between failures of {service.name}",
            between,
            "h",
            n,
            "The agreed time that it was up, by such incidents (MTBF).",
            shown,
        ),
    )


def _targets(desk: Desk, service: Item) -> str:
    known = sorted(
        f"{offering.name} {target:g} %"
        for offering in desk.ends(service, "CONTRIBUTES_TO")
        if isinstance(target := offering.properties.get("availability_target"), int | float)
    )
    return f" Agreed: {', '.join(known)}." if known else ""


_STARTED = {
    "Incident": ("acknowledged_at", "resolved_at"),
    "Change": ("work_start", "work_end"),
    "ServiceRequest": ("opened_at", "fulfilled_at"),
}
"""When work on a kind of record begins and is finished."""


def flow(desk: Desk) -> tuple[Section, ...]:
    """Work in progress, throughput, cycle time and age, per kind of record (Kanban)."""
    return tuple(_flow(desk, kind, *times) for kind, times in _STARTED.items())


def _flow(desk: Desk, kind: str, start: str, end: str) -> Section:
    under_way = [
        r for r in desk.by_kind.get(kind, ()) if _phase(r) in (Phase.STARTED, Phase.PAUSED)
    ]
    finished = desk.within(kind, end)
    ages = [
        (desk.until - began) / timedelta(days=1)
        for r in under_way
        if (began := when(r, start)) is not None
    ]
    per_week = round(7 * len(finished) / desk.days, 2) if desk.days > 0 else None
    return Section(
        "",
        f"Flow of {desk.catalogue.kind(kind).kind.plural}",
        (
            count("Work in progress", under_way, "Begun and not finished."),
            Measure(
                "Throughput",
                per_week,
                "1/week",
                len(finished),
                "Finished in the window.",
                numbers(finished),
            ),
            *durations("Cycle time", finished, start, end, "From beginning to end."),
            Measure(
                "Age, mean",
                round(sum(ages) / len(ages), 1) if ages else None,
                "d",
                len(ages),
                "How long what is under way has been so.",
                numbers(under_way),
            ),
        ),
    )  # fmt: skip - a table


_KINDS = frozenset(cycle.kind for cycle in LIFE_CYCLES)


def _phase(record: Item) -> Phase | None:
    if record.kind not in _KINDS:
        return None
    cycle: LifeCycle = life_cycle(record)
    return cycle.phase(state_of(record, cycle))


def _number(record: Item, name: str) -> int:
    value = record.properties.get(name, 0)
    return value if isinstance(value, int) else 0
