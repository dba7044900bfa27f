"""What the graph says of an incident: computed when it opens, and again while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from cmdb.causes import GivenAlert, causes
from cmdb.incidents.contacts import contacts
from cmdb.incidents.history import precedents_of
from cmdb.incidents.priority import impact_of
from cmdb.incidents.similar import known_errors, similar_incidents
from cmdb.incidents.view import IncidentAnalysis
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.service import Cmdb
from cmdb.suspects import suspects
from impact import State, analyse, answer
from impact.cause_answer import Causes
from impact.render import sentence
from impact.suspects import Suspect

SHOWN_CAUSES = 5
SHOWN_SUSPECTS = 10
SHOWN_SERVICES = 50
LOOK_BACK = timedelta(hours=24)
"""How long before an incident's beginning changes are suspects."""
AFTER = timedelta(minutes=5)
"""How much later than its beginning a change may be stamped."""


async def analyse_incident(
    cmdb: Cmdb,
    affected: Sequence[str],
    alerts: Sequence[Item] = (),
    *,
    state: State = State.DOWN,
    text: str = "",
    began: datetime | None = None,
    leave_out: str = "",
) -> IncidentAnalysis | None:
    """The analysis of an incident that affects these items (ids); None where it affects none that
    the analysis knows.

    ``began`` is when it began, if that is not now: suspects are looked for in the 24 hours before.
    ``leave_out`` is the id of the incident itself, which is not similar to itself.
    """
    estate = await cmdb.estate()
    known = [item for item in affected if item in estate.index]
    if not known:
        return None
    analysis = await asyncio.to_thread(analyse, estate, dict.fromkeys(known, state))
    radius = answer(analysis, limit=SHOWN_SERVICES)
    found = await _causes(cmdb, known, alerts, began)
    suspected = await _suspects(cmdb, known, began)
    blamed = [item.id for item in found.causes[0].items] if found.causes else []
    services = [s.id for s in radius.services[:SHOWN_CAUSES]]
    return IncidentAnalysis(
        revision=estate.revision,
        computed_at=datetime.now(UTC),
        state="degraded" if state is State.DEGRADED else "down",
        impact=impact_of(radius.services),
        sentence=sentence(radius),
        services=radius.services,
        services_total=radius.totals.services if radius.totals else len(radius.services),
        confident=found.confident,
        causes=found.causes,
        suspects=suspected,
        call=await contacts(cmdb, blamed, known, services),
        similar=await similar_incidents(cmdb, known, text, leave_out=leave_out),
        known_errors=await known_errors(cmdb, [*known, *blamed], text),
        precedents=await precedents_of(
            cmdb, known, began or datetime.now(UTC), leave_out=leave_out
        ),
    )


async def _causes(
    cmdb: Cmdb, affected: Sequence[str], alerts: Sequence[Item], began: datetime | None
) -> Causes:
    since = dict.fromkeys(affected, began)
    started = {alert.id: alert.properties.get("started_at") for alert in alerts}
    for link in await cmdb.store.links(started, "out", ["AFFECTS"]) if started else ():
        time = started[link.from_id]
        if isinstance(time, str):
            times = [t for t in (since.get(link.to_id), parse_time(time)) if t is not None]
            since[link.to_id] = min(times)
    estate = await cmdb.estate()
    given = [GivenAlert(item, time) for item, time in since.items() if item in estate.index]
    return await causes(cmdb, given, limit=SHOWN_CAUSES)


async def affected_by(cmdb: Cmdb, alerts: Sequence[Item]) -> list[str]:
    """The ids of the items that alerts are about, each once. One read."""
    ids = [alert.id for alert in alerts]
    links = await cmdb.store.links(ids, "out", ["AFFECTS"]) if ids else ()
    return list(dict.fromkeys(link.to_id for link in links if link.status != "retired"))


async def _suspects(
    cmdb: Cmdb, affected: Sequence[str], began: datetime | None
) -> tuple[Suspect, ...]:
    """What changed in the 24 hours before. Of an incident that has just begun the latest estate is
    asked, which is at hand; of an older one that of its time."""
    now = datetime.now(UTC)
    until = None if began is None or now - began < AFTER else began + AFTER
    since = (until or now) - LOOK_BACK
    then = await cmdb.estate(until) if until is not None else await cmdb.estate()
    known = [item for item in affected if item in then.index]
    if not known:  # it began before anybody wrote down what it affects
        return ()
    found = await suspects(cmdb, known, since=since, until=until, limit=SHOWN_SUSPECTS)
    return found.suspects


def stored(analysis: IncidentAnalysis) -> str:
    """The analysis as a property holds it."""
    return msgspec.json.encode(analysis).decode()


def read(text: object) -> IncidentAnalysis | None:
    """The analysis that a property holds; None where it holds none, or one of another version."""
    if not isinstance(text, str):
        return None
    try:
        return msgspec.json.decode(text, type=IncidentAnalysis)
    except msgspec.MsgspecError:
        return None


def is_same(one: IncidentAnalysis, other: IncidentAnalysis) -> bool:
    """Whether two analyses say the same, whenever they were made: how long ago a suspect was
    changed does not count."""
    return _said(one) == _said(other)


def _said(analysis: IncidentAnalysis) -> tuple[object, ...]:
    suspected = tuple((s.items, s.revision, s.summary) for s in analysis.suspects)
    rest = msgspec.structs.replace(
        analysis, revision=0, computed_at=datetime.min.replace(tzinfo=UTC), suspects=()
    )
    return rest, suspected
