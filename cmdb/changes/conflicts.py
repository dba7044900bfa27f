"""What is in a change's way in the time it is planned for: other changes, incidents, windows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cmdb.changes.actions import actions_of, failures
from cmdb.changes.view import Conflict
from cmdb.changes.windows import FORBIDS, KnownWindow, known_windows, places_of
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.records.lifecycle import Phase, Values
from cmdb.records.lifecycles import INCIDENT
from cmdb.service import Cmdb
from cmdb.store.port import Condition, ItemQuery
from impact import Estate, State
from impact.collision_answer import Collision
from impact.collisions import PlannedFailure, find_collisions
from impact.risk import RiskEvidence
from impact.window import Window

PLANNED = ("assess", "authorize", "scheduled", "implement")
"""The states in which a change takes its time in the calendar."""
COMMITTED = ("scheduled", "implement")
COLLIDING = ("shared_item", "inside_radius", "redundancy")
"""The conflicts that count in a risk as collisions."""
OPEN_INCIDENT = tuple(
    s.name for s in INCIDENT.states if s.phase not in (Phase.FINISHED, Phase.ENDED)
)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Planned:
    """A change as the calendar knows it: its window and what it does to which items (ids).

    ``states`` says what items fail as, for what is no stored change with known actions.
    """

    number: str
    window: Window
    actions: Mapping[str, str]
    implementer: str | None = None
    state: str = "new"
    states: Mapping[str, State] | None = None

    @property
    def failing(self) -> Mapping[str, State]:
        """The items that do not serve as usual in its window, with their states."""
        return failures(self.actions) if self.states is None else self.states


def window_of(properties: Values) -> Window | None:
    """The time that a change takes: its planned window; while it is made, from its actual start if
    that was earlier, and until now if that is later. None without a window, or for none."""
    times = {n: _time(properties.get(n)) for n in ("start_date", "end_date", "work_start")}
    start, end, began = times["start_date"], times["end_date"], times["work_start"]
    if properties.get("state") == "implement" and began is not None:
        now = datetime.now(UTC)
        start = min(began, start) if start is not None else began
        end = max(end, now) if end is not None else now
    if start is None or end is None or end <= start:
        return None
    return Window(start, end)


def _time(value: object) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except ValueError:
        return None


async def changes_in(cmdb: Cmdb, states: Sequence[str]) -> list[Item]:
    """All changes in these states, by number."""
    found: list[Item] = []
    after: str | None = None
    while True:
        page = await cmdb.store.query(
            ItemQuery(
                kinds=("Change",),
                conditions=(Condition("properties.state", "in", list(states)),),
                limit=_PAGE,
                after=after,
            )
        )
        found += page.items
        if not page.has_next:
            return found
        after = page.cursors[-1]


async def planned_changes(cmdb: Cmdb, span: Window, leave_out: str = "") -> list[Planned]:
    """The changes that are planned, scheduled or running at some moment of the span.

    A read per 200 changes, and one for what they change.
    """
    rows = [(c, window_of(c.properties)) for c in await changes_in(cmdb, PLANNED)]
    near = [(c, w) for c, w in rows if w is not None and w.overlaps(span) and c.id != leave_out]
    items = await items_of(cmdb, [c.id for c, _ in near])
    return [
        Planned(
            change.name,
            window,
            actions_of(change, items.get(change.id, [])),
            implementer(change.properties),
            str(change.properties.get("state")),
        )
        for change, window in near
    ]


async def items_of(cmdb: Cmdb, changes: Iterable[str]) -> dict[str, list[Item]]:
    """The items that each of these changes (ids) works on. Two reads."""
    ids = list(changes)
    links = await cmdb.store.links(ids, "out", ["CHANGES"]) if ids else ()
    items = await cmdb.store.items({link.to_id for link in links}) if links else {}
    found: dict[str, list[Item]] = {}
    for link in links:
        if link.to_id in items:
            found.setdefault(link.from_id, []).append(items[link.to_id])
    return found


def implementer(properties: Values) -> str | None:
    """Who makes a change."""
    value = properties.get("assigned_to")
    return value if isinstance(value, str) else None


async def conflicts(
    cmdb: Cmdb,
    estate: Estate,
    change: Planned,
    services: Iterable[str],
    leave_out: str = "",
    besides: Sequence[Planned] = (),
) -> list[Conflict]:
    """All that is in the way of a change that hits these services (ids), other changes first.

    ``besides`` are planned ones that are not stored; one of them counts instead of a stored change
    of the same name.
    """
    named = {plan.number for plan in besides}
    stored = await planned_changes(cmdb, change.window, leave_out)
    others = [*(plan for plan in stored if plan.number not in named)]
    others += [plan for plan in besides if plan.window.overlaps(change.window)]
    found = [*_shared(estate, change, others), *_same_implementer(change, others)]
    found += await asyncio.to_thread(_collisions, estate, change, others)
    found += await _incidents(cmdb, change)
    found += await _windows(cmdb, change, services)
    return found


def collision_evidence(found: Sequence[Conflict]) -> list[RiskEvidence]:
    """One line for each change that collides, for the risk of the one in question."""
    rows: dict[str, str] = {}
    for conflict in found:
        if conflict.type in COLLIDING:
            rows.setdefault(conflict.other, conflict.sentence)
    return [RiskEvidence(other, said) for other, said in rows.items()]


def _name(estate: Estate, item: str) -> str:
    at = estate.index.get(item)
    return f"{estate.items[at].kind} {estate.items[at].name}" if at is not None else item


def _shared(estate: Estate, change: Planned, others: Sequence[Planned]) -> Iterable[Conflict]:
    for other in others:
        both = sorted(change.actions.keys() & other.actions.keys())
        if both:
            said = ", ".join(_name(estate, item) for item in both[:3])
            more = f" and {len(both) - 3} more" if len(both) > 3 else ""
            yield Conflict(
                "shared_item",
                other.number,
                f"{other.number} ({other.state}) works on {said}{more} at the same time.",
                tuple(both),
                other.state,
            )


def _same_implementer(change: Planned, others: Sequence[Planned]) -> Iterable[Conflict]:
    who = change.implementer
    for other in others:
        if who and other.implementer and who.casefold() == other.implementer.casefold():
            yield Conflict(
                "same_implementer",
                other.number,
                f"{who} makes {other.number} ({other.state}) at the same time.",
                (),
                other.state,
            )


def _collisions(estate: Estate, change: Planned, others: Sequence[Planned]) -> list[Conflict]:
    """What :func:`~impact.collisions.find_collisions` says of it and each of the others."""
    plans = [_failing(estate, plan) for plan in (change, *others)]
    if plans[0] is None:
        return []
    states = {other.number: other.state for other in others}
    planned = [plan for plan in plans if plan is not None]
    found = find_collisions(estate, planned, limit=None, triples=False)
    rows: list[Conflict] = []
    for collision in found.collisions:
        if change.number in collision.planned:
            (other,) = (name for name in collision.planned if name != change.number)
            rows += _collided(collision, change.number, other, states[other])
    return rows


def _failing(estate: Estate, plan: Planned) -> PlannedFailure | None:
    states = {i: s for i, s in plan.failing.items() if i in estate.index}
    if not states:
        return None
    return PlannedFailure(plan.number, tuple(states), plan.window, State.DOWN, states)


def _collided(found: Collision, number: str, other: str, state: str) -> Iterable[Conflict]:
    if found.worse:
        first = found.worse[0]
        together = first.together.replace("_", " ")
        more = f", with {found.worse_total - 1} more" if found.worse_total > 1 else ""
        yield Conflict(
            "redundancy",
            other,
            f"With {other} ({state}) together, {first.kind} {first.name} is {together}; "
            f"with either alone it is {first.apart.replace('_', ' ')}{more}.",
            tuple(row.id for row in found.worse),
            state,
        )
    if found.inside:
        first_inside = found.inside[0]
        by = "this change" if first_inside.planned_by == number else other
        hit = "this change" if first_inside.hit_by == number else other
        yield Conflict(
            "inside_radius",
            other,
            f"{first_inside.kind} {first_inside.name}, which {by} works on, is "
            f"{first_inside.state.replace('_', ' ')} by {hit} ({state}).".replace(
                f"this change ({state})", "this change"
            ),
            tuple(row.id for row in found.inside),
            state,
        )


async def _incidents(cmdb: Cmdb, change: Planned) -> list[Conflict]:
    """Open incidents on the items that it works on."""
    if not change.actions:
        return []
    links = await cmdb.store.links(sorted(change.actions), "in", ["AFFECTS"])
    records = await cmdb.store.items({link.from_id for link in links})
    rows: dict[str, Conflict] = {}
    for item in sorted(records.values(), key=lambda r: r.name):
        if item.kind == "Incident" and item.properties.get("state", "new") in OPEN_INCIDENT:
            about = item.properties.get("short_description", "")
            on = tuple(sorted({k.to_id for k in links if k.from_id == item.id}))
            said = f"{item.name} ({about}) is open on what it works on."
            rows[item.id] = Conflict("open_incident", item.name, said, on)
    return list(rows.values())


async def _windows(cmdb: Cmdb, change: Planned, services: Iterable[str]) -> list[Conflict]:
    known = await known_windows(cmdb)
    if not known:
        return []
    is_scoped = any(window.scope for window in known)
    places = await places_of(cmdb, change.actions if is_scoped else ())
    places = places or {item: {item} for item in change.actions}
    everywhere = {*services}.union(*places.values())
    rows = [
        said
        for window in known
        if window.type in FORBIDS
        and window.holds_for(everywhere)
        and (said := _forbidden(window, change.window)) is not None
    ]
    agreed = [window for window in known if window.type == "maintenance"]
    outside: dict[tuple[str, ...], list[str]] = {}
    for item, at in places.items():
        mine = [window for window in agreed if window.holds_for(at)]
        if mine and not any(window.allows(change.window) for window in mine):
            outside.setdefault(tuple(w.called for w in mine), []).append(item)
    for windows, items in outside.items():
        sentence = f"It is not inside {' or '.join(windows[:3])}."
        rows.append(Conflict("outside_maintenance_window", windows[0].split(" ")[0], sentence,
                             tuple(sorted(items))))  # fmt: skip
    return rows


def _forbidden(window: KnownWindow, span: Window) -> Conflict | None:
    hit = window.forbids(span)
    if hit is None or window.type == "maintenance":
        return None
    return Conflict(
        window.type,
        window.item.name,
        f"It runs into the {window.type} {window.called}, {hit.start:%Y-%m-%d %H:%M} to "
        f"{hit.end:%Y-%m-%d %H:%M} UTC.",
    )


async def forbidding_now(
    cmdb: Cmdb, items: Iterable[str], services: Iterable[str], now: datetime
) -> list[KnownWindow]:
    """The blackouts and freezes that hold at a moment for these items and services (ids)."""
    known = [window for window in await known_windows(cmdb) if window.type in FORBIDS]
    if not known:
        return []
    scoped = items if any(window.scope for window in known) else ()
    places = {*services}.union(*(await places_of(cmdb, scoped)).values())
    moment = Window(now, now + (datetime.resolution))
    return [w for w in known if w.holds_for(places) and w.forbids(moment) is not None]
