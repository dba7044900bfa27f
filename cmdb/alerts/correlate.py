"""Open alerts into incidents: joined to one whose symptoms they are, or opened by common cause.

What is to be done follows from what is stored alone: alerts that are bound, not over and related to
no incident. So it can be done again after a crash, and twice without harm.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from cmdb.alerts.groups import Group, grouped, symptoms
from cmdb.alerts.queue import PAGE, bind_waiting, open_alerts
from cmdb.alerts.rules import Rule
from cmdb.causes import monitored, prior
from cmdb.errors import Refused
from cmdb.incidents import analysis as analysed
from cmdb.incidents.incidents import KIND as INCIDENT
from cmdb.incidents.incidents import edit_incident, open_incident, refresh_incident
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.records.actor import Actor
from cmdb.records.lifecycle import Phase
from cmdb.records.lifecycles import BY_KIND
from cmdb.records.records import Edit, Step
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery
from impact import Estate, State
from impact.causes import Alert

CORRELATOR = Actor("alert-correlation")
_STRENGTH = {"critical": 1.0, "error": 0.8, "warning": 0.5, "info": 0.2}
OPENS = frozenset({"critical", "error", "warning"})
"""Severities that open an incident; information joins one or waits."""


class Correlated(msgspec.Struct, frozen=True):
    """What one pass did: alerts bound since their item came, alerts that joined open incidents, the
    numbers of the incidents opened with the alerts in them, and alerts left alone."""

    bound: int = 0
    joined: int = 0
    opened: tuple[str, ...] = ()
    gathered: int = 0
    waiting: int = 0
    noted: tuple[str, ...] = ()


@dataclass(slots=True)
class _Case:
    """What is known of the open alerts and incidents."""

    alerts: dict[str, Item]
    about: dict[str, list[str]] = field(default_factory=dict)
    """The items that alerts are about, by the alerts' ids."""

    def of(self, items: Sequence[str]) -> list[str]:
        """The ids of the alerts about these items, by number."""
        wanted = set(items)
        ids = [i for i, about in self.about.items() if not wanted.isdisjoint(about)]
        return sorted(ids, key=lambda i: self.alerts[i].name)

    def drop(self, alerts: Sequence[str]) -> None:
        """Leave out what has found its incident."""
        for alert in alerts:
            self.alerts.pop(alert, None)
            self.about.pop(alert, None)


async def correlate(cmdb: Cmdb, rules: Sequence[Rule], actor: Actor = CORRELATOR) -> Correlated:
    """Bind what can be bound by now, gather open alerts into incidents, and note on incidents that
    all their alerts are over."""
    bound = await bind_waiting(cmdb, rules, actor)
    case = await _case(cmdb)
    joined, opened, gathered = 0, [], 0
    if case.alerts:
        estate = await cmdb.estate()
        joined = await _join(cmdb, estate, case, actor)
        for group in await _groups(cmdb, estate, case):
            taken = case.of(group.items)
            if not taken:
                continue
            made = await _open(cmdb, estate, group, [case.alerts[i] for i in taken], actor)
            if made is not None:
                opened.append(made.name)
                gathered += len(taken)
            case.drop(taken)
    waiting = len(case.alerts)
    noted = await _note_over(cmdb, actor)
    return Correlated(bound, joined, tuple(opened), gathered, waiting, tuple(noted))


async def _case(cmdb: Cmdb) -> _Case:
    found = {alert.id: alert for alert in await open_alerts(cmdb, bound=True)}
    links = await cmdb.store.links(found, "out", ["AFFECTS"]) if found else []
    taken = await _taken(cmdb, found)
    case = _Case({i: alert for i, alert in found.items() if i not in taken})
    for link in links:
        if link.from_id in case.alerts:
            case.about.setdefault(link.from_id, []).append(link.to_id)
    return case


async def _taken(cmdb: Cmdb, alerts: Mapping[str, Item] | Sequence[str]) -> set[str]:
    """Those of the alerts that an incident is related to."""
    links = await cmdb.store.links(alerts, "both", ["RELATES_TO"]) if alerts else []
    ends = {link.id: (link.from_id, link.to_id) for link in links}
    others = {end for pair in ends.values() for end in pair if end not in alerts}
    incidents = {i for i, item in (await cmdb.store.items(others)).items() if item.kind == INCIDENT}
    return {
        one for pair in ends.values() for one, other in (pair, pair[::-1]) if other in incidents
    }


async def open_incidents(cmdb: Cmdb) -> list[Item]:
    """The incidents that are not over, by number."""
    over = (Phase.FINISHED, Phase.ENDED)
    states = [s.name for s in BY_KIND[INCIDENT].states if s.phase not in over]
    found: list[Item] = []
    after: str | None = None
    while True:
        page = await cmdb.store.query(
            ItemQuery(
                kinds=(INCIDENT,),
                conditions=(Condition("properties.state", "in", states),),
                limit=PAGE,
                after=after,
            )
        )
        found += page.items
        if not page.has_next:
            return found
        after = page.cursors[-1]


async def _join(cmdb: Cmdb, estate: Estate, case: _Case, actor: Actor) -> int:
    """Relate alerts to the open incident whose predicted symptoms they are: of several, to the one
    that predicts the fewest."""
    incidents = await open_incidents(cmdb)
    predicted = await _predicted(cmdb, estate, incidents)
    takes: dict[str, list[str]] = {}
    for alert, about in case.about.items():
        fitting = [i for i, items in predicted.items() if not items.isdisjoint(about)]
        if fitting:
            best = min(fitting, key=lambda i: (len(predicted[i]), i))
            takes.setdefault(best, []).append(alert)
    for incident, alerts in takes.items():
        hit = {item for alert in alerts for item in case.about[alert]}
        link = [("RELATES_TO", alert) for alert in alerts] + [("AFFECTS", i) for i in sorted(hit)]
        count = len(alerts)
        reason = f"{count} alert{' joins' if count == 1 else 's join'}"
        await edit_incident(cmdb, incident, Edit(link=link, reason=reason), actor)
        await refresh_incident(cmdb, incident, actor)
        case.drop(alerts)
    return sum(map(len, takes.values()))


async def _predicted(
    cmdb: Cmdb, estate: Estate, incidents: Sequence[Item]
) -> dict[str, frozenset[str]]:
    """What each incident would make not be up: by what caused it, or most likely did, and by what
    it affects."""
    failed: dict[str, dict[str, State]] = {i.id: {} for i in incidents}
    for link in await cmdb.store.links(failed, "out", ["AFFECTS", "CAUSED_BY"]) if failed else []:
        failed[link.from_id][link.to_id] = State.DOWN
    for incident in incidents:
        found = analysed.read(incident.properties.get("analysis"))
        if found is not None and found.confident and found.causes:
            failed[incident.id].update((item.id, State.DOWN) for item in found.causes[0].items)

    def all_of_them() -> dict[str, frozenset[str]]:
        return {i: symptoms(estate, given) for i, given in failed.items()}

    return await asyncio.to_thread(all_of_them)


async def _groups(cmdb: Cmdb, estate: Estate, case: _Case) -> list[Group]:
    """Groups of the items whose alerts are bad enough to open an incident, with the alerts."""
    alerts = [
        Alert(item, _time(case.alerts[i]), _STRENGTH.get(_severity(case.alerts[i]), 0.5))
        for i, about in case.about.items()
        if _severity(case.alerts[i]) in OPENS
        for item in about
    ]
    if not alerts:
        return []
    known = [alert for alert in alerts if alert.item in estate.index]
    watch = monitored(estate, cmdb.settings.monitoring_sources)
    return await asyncio.to_thread(grouped, estate, known, watch, lambda i: prior(estate, i))


def _severity(alert: Item) -> str:
    """How bad an alert is; one whose tool does not say counts as a warning."""
    severity = alert.properties.get("severity")
    return severity if isinstance(severity, str) else "warning"


def _time(alert: Item) -> datetime | None:
    started = alert.properties.get("started_at")
    return parse_time(started) if isinstance(started, str) else None


async def _open(
    cmdb: Cmdb, estate: Estate, group: Group, alerts: Sequence[Item], actor: Actor
) -> Item | None:
    """An incident for a group; None where somebody else gave the alerts one meanwhile."""
    urgency = 1 if any(_severity(alert) == "critical" for alert in alerts) else 2
    ids = [alert.id for alert in alerts]

    async def still_free(cmdb: Cmdb, _: Step) -> None:
        if await _taken(cmdb, ids):
            raise Refused("Some of these alerts have an incident by now.")

    try:
        return await open_incident(
            cmdb,
            actor,
            described(estate, group, alerts),
            values={"urgency": urgency, "category": "alerts"},
            state=group.state,
            alerts=ids,
            checks=[still_free],
        )
    except Refused:
        return None


def described(estate: Estate, group: Group, alerts: Sequence[Item]) -> str:
    """The group in a line."""
    if len(alerts) == 1:
        return str(alerts[0].properties.get("summary") or "An alert")[:200]
    ((most, _),) = Counter(str(a.properties.get("summary", "")) for a in alerts).most_common(1)
    count, items = f"{len(alerts):,} alerts", f"{len(group.items):,} items"
    at = [estate.items[estate.index[i]] for i in group.causes if i in estate.index]
    names = " and ".join(f"{item.kind} {item.name}" for item in at)
    if len(group.items) == 1:
        return f"{count} on {names}: {most}"[:200]
    return f"{count} on {items}, best explained by {names}"


async def _note_over(cmdb: Cmdb, actor: Actor) -> list[str]:
    """Note on open incidents that all their alerts are over; that is for people to judge. Returns
    the numbers of those that got a note."""
    incidents = {i.id: i for i in await open_incidents(cmdb)}
    links = await cmdb.store.links(incidents, "out", ["RELATES_TO"]) if incidents else []
    ends = await cmdb.store.items({link.to_id for link in links})
    alerts: dict[str, list[Item]] = {}
    for link in links:
        if link.to_id in ends and ends[link.to_id].kind == "Alert":
            alerts.setdefault(link.from_id, []).append(ends[link.to_id])
    noted = []
    for i, related in alerts.items():
        if any(alert.properties.get("state") != "resolved" for alert in related):
            continue
        last = max(str(alert.properties.get("ended_at", "")) for alert in related)
        count = len(related)
        said = f"All {count:,} alerts are" if count > 1 else "Its alert is"
        note = f"{said} resolved, the last at {last}."
        written = incidents[i].properties.get("work_notes")
        if isinstance(written, list) and note in written:
            continue
        try:
            await edit_incident(cmdb, i, Edit(note=note), actor)
        except Refused:
            continue  # it moved meanwhile
        noted.append(incidents[i].name)
    return noted
