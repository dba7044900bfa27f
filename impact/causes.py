"""Why does it alert? Failures are tried out, and ranked by how well what they do fits the alerts.

Every item that the alerting ones rest on is a candidate. Each is let fail, and what
:func:`~impact.propagate.propagate` says then is held against the alerts. This follows, in parts:

- codebook correlation (Yemini and others, 1996): a cause is known by the set of its symptoms, and
  the alerts are decoded to the cause whose set is nearest, so that missing and spurious alerts do
  no harm. There the sets are tabled beforehand; here they are worked out when they are asked for.
- SCORE (Kompella and others, NSDI 2005): how much of the alerts a cause explains (coverage) and how
  much of what it would break does alert (precision) decide, and several causes at once are found
  by a greedy set cover. Here both make one figure, their harmonic mean, and each set is propagated
  as a whole: what is redundant falls only when all of it does.
- Shrink (Kandula and others, 2005) and Sherlock (Bahl and others, SIGCOMM 2007): only few failures
  happen at the same time, so that sets may be kept small (three here); items may be troubled
  without being down; failover is part of the graph. They infer with probabilities on each edge.
  Here edges are certain, and doubt stays with the alerts: an item that nobody is known to monitor
  may be quiet for a tenth of what it costs a monitored one.
- MonitorRank (Kim and others, SIGMETRICS 2013): nearness in the call graph counts. There a random
  walk measures it; here it only decides between causes that otherwise explain the alerts alike,
  and always counts less than a single alert does.

None of them knows of edits. What was edited shortly before the alerts began, on the candidate or
directly above it, raises it, and so does how often it was the cause before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

import msgspec

from cmdb.errors import InvalidInput
from impact.cause_answer import Cause, CauseEvidence, CauseItem, Causes
from impact.dependencies import providers
from impact.edits import Edit, by_item, worth
from impact.estate import Estate
from impact.page import Page
from impact.propagate import at_least, propagate
from impact.states import State
from impact.upstream import Upstream, upstream

DEFAULT_LIMIT = 10
MOST_TRIED = 500
"""Candidates that are let fail, at most."""
MOST_VISITS = 2_000_000
"""Items that are visited upstream of the alerts, and again downstream of the candidates."""
MOST_ITEMS = 3
"""Items that a cause may have."""
STARTS = 5
"""Single causes that sets are grown from."""
SHOWN_QUIET = 100

UNMONITORED = 0.1
"""What it costs that an item is quiet which nobody is known to monitor."""
AT_RISK_EXPLAINS = 0.2
"""How much of an alert is explained by lost redundancy: what is at risk still serves."""
BASE, RECENCY, PRIOR = 0.75, 0.15, 0.10
TIMING = 0.2
"""What of the score is lost where the cause began to alert after its consequences."""
PER_MORE_ITEM = 0.9
RECENT = timedelta(hours=6)
"""After so long an edit counts half."""
TOLERANCE = timedelta(minutes=5)
"""How much later than the first alert an edit may be stamped, or a cause may begin to alert."""
ENOUGH = 0.5
CLEARLY = 0.01
"""How much better than any other a confident cause must score, distance left aside."""


class Alert(msgspec.Struct, frozen=True):
    """An item, by id, that alerts: since when, if known, and how strongly, above 0 up to 1."""

    item: str
    since: datetime | None = None
    strength: float = 1.0


def find_causes(
    estate: Estate,
    alerts: Iterable[Alert],
    *,
    monitored: Callable[[str], bool] = lambda _: False,
    edits: Iterable[Edit] | None = None,
    prior: Callable[[str], int] | None = None,
    began: datetime | None = None,
    limit: int | None = DEFAULT_LIMIT,
    offset: int = 0,
    most_tried: int = MOST_TRIED,
) -> Causes:
    """The causes that explain the alerts best.

    ``monitored`` says of an item's id whether its quiet means that it is well; of none, unless
    told. ``edits`` are those of late, and ``prior`` says of an id how often it was the cause
    before; None where that is not known. ``began`` is when it all began where no alert says so: the
    estate's own time unless told. ``limit`` and ``offset`` say what of the list is given.
    Of several alerts of one item the earliest time and the largest strength count. Raises
    :class:`~cmdb.errors.InvalidInput` where there are no alerts, or one has a strength out of
    range, and what :meth:`~impact.estate.Estate.position` raises.

    Costs a walk up from every alert, then one or two propagations per candidate, of which those
    that most alerts rest on come first. Ties go by distance and then by id.
    """
    page = Page(limit, offset)
    case = _Case(
        estate,
        _merged(estate, alerts),
        monitored,
        None if edits is None else by_item(edits),
        prior,
        began or estate.as_of,
    )
    above = upstream(estate, case.alerts, most=MOST_VISITS)
    order = sorted(above.reached, key=lambda i: (-above.reached[i], above.steps[i], i))
    singles, tried = _singles(case, order[:most_tried])
    found = singles + _sets(case, singles, above)
    ranked = sorted(found, key=lambda trial: _rank(case, trial, above))
    listed = page.of(ranked)
    explained = {alert for trial in listed for alert in trial.explains}
    return Causes(
        revision=estate.revision,
        as_of=estate.as_of,
        confident=_confident(case, ranked),
        causes=tuple(_cause(case, trial, above) for trial in listed),
        unexplained=tuple(case.ids(a for a in case.alerts if a not in explained)),
        total=len(ranked),
        candidates=len(order),
        tried=tried,
        complete=not above.is_cut and tried == len(order),
        truncated=above.is_cut or tried < len(order) or page.cuts(len(ranked)),
    )


def _merged(estate: Estate, alerts: Iterable[Alert]) -> dict[int, Alert]:
    merged: dict[int, Alert] = {}
    for alert in alerts:
        if not 0 < alert.strength <= 1:
            raise InvalidInput(
                f"The strength of an alert is above 0 and at most 1, not {alert.strength:g}."
            )
        at = estate.position(alert.item)
        other = merged.get(at, alert)
        times = [t for t in (alert.since, other.since) if t is not None]
        strength = max(alert.strength, other.strength)
        merged[at] = Alert(alert.item, min(times, default=None), strength)
    if not merged:
        raise InvalidInput("Name at least one item that alerts.")
    return {at: merged[at] for at in sorted(merged)}


@dataclass(frozen=True)
class _Trial:
    """Some items that were let fail, and how what followed fits the alerts."""

    items: tuple[int, ...]
    state: State
    explains: Mapping[int, float]
    """The alerting items that are not up then, with how much of their alert that explains."""
    quiet: frozenset[int]
    coverage: float
    precision: float

    @property
    def fit(self) -> float:
        """The harmonic mean of both."""
        total = self.coverage + self.precision
        return 2 * self.coverage * self.precision / total if total else 0.0


@dataclass(frozen=True)
class _Case:
    estate: Estate
    alerts: Mapping[int, Alert]
    monitored: Callable[[str], bool]
    edits: Mapping[str, Sequence[Edit]] | None
    prior: Callable[[str], int] | None
    until: datetime
    """When it began where no alert says so."""
    reached: list[int] = field(default_factory=lambda: [0])
    """How many items all propagations together have reached."""
    _watched: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    """The items that were asked about, and those of them that are monitored."""

    def ids(self, items: Iterable[int]) -> list[str]:
        """Their ids, sorted."""
        return [self.estate.items[item].id for item in sorted(items)]

    @cached_property
    def began(self) -> datetime | None:
        """When the first alert began, where that is known."""
        return min((a.since for a in self.alerts.values() if a.since is not None), default=None)

    @cached_property
    def strength(self) -> float:
        return sum(alert.strength for alert in self.alerts.values())

    def watched(self, items: frozenset[int]) -> int:
        """How many of them are monitored; each is asked about once."""
        known, watching = self._watched
        for item in items - known:
            known.add(item)
            if self.monitored(self.estate.label_of(item)[2]):
                watching.add(item)
        return len(items & watching)

    def attempt(self, items: tuple[int, ...], state: State) -> _Trial:
        """Let these fail."""
        states = propagate(self.estate, dict.fromkeys(items, state))
        self.reached[0] += len(states)
        explains = {
            item: 1.0 if states[item] >= State.DEGRADED else AT_RISK_EXPLAINS
            for item in self.alerts
            if item in states
        }
        quiet = frozenset(at_least(states, State.DEGRADED)).difference(self.alerts)
        heard = sum(self.alerts[item].strength * part for item, part in explains.items())
        well = self.watched(quiet)
        missing = well + UNMONITORED * (len(quiet) - well)
        return _Trial(
            items,
            state,
            explains,
            quiet,
            coverage=heard / self.strength,
            precision=heard / (heard + missing) if heard else 0.0,
        )


def _singles(case: _Case, candidates: Sequence[int]) -> tuple[list[_Trial], int]:
    """Each candidate in the state that fits better, and how many were tried."""
    found: list[_Trial] = []
    for number, item in enumerate(candidates):
        if case.reached[0] > MOST_VISITS:
            return found, number
        trial = case.attempt((item,), State.DOWN)
        if trial.quiet:
            degraded = case.attempt((item,), State.DEGRADED)
            trial = max(trial, degraded, key=lambda t: (t.fit, t.state))
        if trial.explains:
            found.append(trial)
    return found, len(candidates)


def _sets(case: _Case, singles: Sequence[_Trial], above: Upstream) -> list[_Trial]:
    """Sets of two or three, grown from the best single causes that leave alerts unexplained."""
    found: dict[tuple[int, ...], _Trial] = {}
    ranked = sorted(singles, key=lambda trial: _rank(case, trial, above))
    for start in ranked[:STARTS]:
        trial = start
        while len(trial.items) < MOST_ITEMS and len(trial.explains) < len(case.alerts):
            if case.reached[0] > 2 * MOST_VISITS:
                return list(found.values())
            grown = _grown(case, trial, ranked)
            if grown is None:
                break
            trial = found[grown.items] = grown
    return list(found.values())


def _grown(case: _Case, trial: _Trial, ranked: Sequence[_Trial]) -> _Trial | None:
    """The set with the single cause that explains most of what it leaves; None where that adds
    nothing, or makes one of its items superfluous."""

    def adds(single: _Trial) -> float:
        return sum(
            case.alerts[alert].strength * (part - trial.explains.get(alert, 0.0))
            for alert, part in single.explains.items()
            if part > trial.explains.get(alert, 0.0)
        )

    best = max(ranked, key=adds)
    if adds(best) <= 0 or best.items[0] in trial.items:
        return None
    items = tuple(sorted({*trial.items, *best.items}))
    state = max(trial.state, best.state)
    grown = case.attempt(items, state)
    for item in items:
        rest = case.attempt(tuple(i for i in items if i != item), state)
        if rest.coverage >= grown.coverage:
            return None
    return grown


def _rank(case: _Case, trial: _Trial, above: Upstream) -> tuple[float, int, tuple[int, ...]]:
    return (
        -round(_score(case, trial) + _nearness(case, trial, above), 9),
        len(trial.items),
        trial.items,
    )


def _score(case: _Case, trial: _Trial) -> float:
    """Without distance."""
    known = BASE
    known += RECENCY * (_recency(case, trial)[0] if case.edits is not None else 0)
    known += PRIOR * (_prior(case, trial, case.prior)[0] if case.prior is not None else 0)
    timing = _timing(case, trial)
    in_time = 1.0 if timing is None else 1 - TIMING * (1 - timing[0])
    return trial.fit * known * in_time * PER_MORE_ITEM ** (len(trial.items) - 1)


def _nearness(case: _Case, trial: _Trial, above: Upstream) -> float:
    """What distance adds to the score: always less than one whole alert, or one quiet item, takes
    away."""
    most = BASE * UNMONITORED / (4 * len(case.alerts) + 4)
    return trial.fit * most * _distance(trial, above)[0]


def _distance(trial: _Trial, above: Upstream) -> tuple[float, str]:
    steps = sum(above.mean(item) for item in trial.items) / len(trial.items)
    return 1 / (1 + steps), f"It is {steps:.1f} steps above what alerts, on average."


def _recency(case: _Case, trial: _Trial) -> tuple[float, str]:
    """The latest edit before the alerts, of a candidate or, for half, of what it rests on."""
    estate, edits = case.estate, case.edits or {}
    until = case.began + TOLERANCE if case.began else case.until
    found: list[tuple[float, str]] = []
    for item in trial.items:
        above = sorted({step.other for step in providers(estate, item)} - {item})
        for at, part in ((item, 1.0), *((other, 0.5) for other in above)):
            value = estate.items[at]
            row = next((e for e in edits.get(value.id, ()) if e.time <= until), None)
            if row is not None:
                age = max(until - row.time, timedelta())
                value_of_it = part * worth(row) * float(0.5 ** (age / RECENT))
                when = f"{row.time:%Y-%m-%d %H:%M} UTC by {row.actor} (revision {row.revision})"
                found.append((value_of_it, f"{value.kind} {value.name}: {row.summary}, {when}."))
    nothing = (0.0, "Nothing was edited on it or directly above it shortly before.")
    return max(found, key=lambda pair: pair[0], default=nothing)


def _prior(case: _Case, trial: _Trial, prior: Callable[[str], int]) -> tuple[float, str]:
    times = min(prior(case.estate.items[item].id) for item in trial.items)
    said = f"It is known to have been the cause {times} times before."
    return times / (times + 2), said if times else "It is not known to have been the cause before."


def _timing(case: _Case, trial: _Trial) -> tuple[float, str] | None:
    """Which part of its consequences did not begin to alert before the cause did; None where the
    cause does not alert, or the times are not known."""
    own = [a.since for i in trial.items if (a := case.alerts.get(i)) and a.since is not None]
    others = [
        since
        for item in trial.explains
        if item not in trial.items and (since := case.alerts[item].since) is not None
    ]
    if not own or not others:
        return None
    first = min(own) - TOLERANCE
    after = sum(since >= first for since in others)
    said = f"{after} of {len(others)} alerts that it explains did not begin before its own."
    return after / len(others), said


def _confident(case: _Case, ranked: Sequence[_Trial]) -> bool:
    if not ranked:
        return False
    best = ranked[0]
    if best.coverage < ENOUGH or best.fit < ENOUGH:
        return False
    others = (t for t in ranked[1:] if not {*best.items} <= {*t.items})
    return all(_score(case, best) - _score(case, other) >= CLEARLY for other in others)


def _cause(case: _Case, trial: _Trial, above: Upstream) -> Cause:
    items = case.estate.items
    return Cause(
        items=tuple(CauseItem(items[i].id, items[i].kind, items[i].name) for i in trial.items),
        state=trial.state.label,
        score=round(_score(case, trial) + _nearness(case, trial, above), 4),
        explains=tuple(case.ids(trial.explains)),
        unexplained=tuple(case.ids(a for a in case.alerts if a not in trial.explains)),
        predicted_but_quiet=tuple(case.ids(trial.quiet)[:SHOWN_QUIET]),
        quiet=len(trial.quiet),
        evidence=tuple(_evidence(case, trial, above)),
    )


def _evidence(case: _Case, trial: _Trial, above: Upstream) -> Iterable[CauseEvidence]:
    explained, alerts = len(trial.explains), len(case.alerts)
    yield CauseEvidence(
        "coverage", round(trial.coverage, 3), f"It explains {explained} of {alerts} alerts."
    )
    well = case.watched(trial.quiet)
    said = f"{len(trial.quiet)} items that it would take along do not alert"
    said = (
        f"{said}, {well} of them monitored."
        if trial.quiet
        else "All that it would take along alerts."
    )
    yield CauseEvidence("precision", round(trial.precision, 3), said)
    value, said = _distance(trial, above)
    yield CauseEvidence("distance", round(value, 3), said)
    if case.edits is not None:
        value, said = _recency(case, trial)
        yield CauseEvidence("recency", round(value, 3), said)
    if case.prior is not None:
        value, said = _prior(case, trial, case.prior)
        yield CauseEvidence("prior", round(value, 3), said)
    if (timing := _timing(case, trial)) is not None:
        yield CauseEvidence("timing", round(timing[0], 3), timing[1])
