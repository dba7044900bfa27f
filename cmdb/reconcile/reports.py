"""One source's word about one thing, brought up to date by what it saw now."""

from __future__ import annotations

import msgspec

from cmdb.identity.identifiers import namespace_of
from cmdb.items import (
    Gate,
    ItemObservation,
    ItemReport,
    LinkObservation,
    LinkReport,
    Value,
)


def new_item_report(seen: ItemObservation) -> ItemReport:
    """The first report of a source about a thing."""
    return ItemReport(
        source=seen.source,
        kind=seen.kind,
        identifiers=tuple(sorted(set(seen.identifiers))),
        first_seen=seen.past.first_seen if seen.past else seen.time,
        last_seen=seen.time,
        since=seen.past.since if seen.past else {},
        missing_since=seen.past.missing_since if seen.past else None,
        retired=seen.past.retired if seen.past else False,
        values={k: v for k, v in sorted(seen.properties.items()) if v is not None},
        scope=seen.scope,
        distinct_from=seen.distinct_from,
    )


def update_item_report(report: ItemReport, seen: ItemObservation) -> ItemReport:
    """``report`` after the same source saw the thing again.

    An observation older than the report changes nothing: the source has already said more. Values
    that it leaves out stay; identifiers of a namespace it names replace the older ones of that
    namespace. Two observations of the same instant add up, and where they differ the greater value
    holds, so that the order of lines in a file does not matter.
    """
    if seen.time < report.last_seen:
        return report
    together = seen.time == report.last_seen
    values, since = dict(report.values), dict(report.since)
    for name, value in seen.properties.items():
        if name in values and (
            values[name] == value or (together and _greater(values[name], value))
        ):
            continue
        if value is None:
            values.pop(name, None)
            since.pop(name, None)
            continue
        values[name] = value
        since[name] = seen.time
    identifiers = _identifiers(report, seen, together)
    for key in identifiers:
        if key not in report.identifiers and seen.time != report.first_seen:
            since[key] = seen.time
    kind = max(report.kind, seen.kind) if together else seen.kind
    if kind != report.kind:
        since["kind"] = seen.time
    kept = {*values, *identifiers, "kind"}
    return msgspec.structs.replace(
        report,
        kind=kind,
        identifiers=identifiers,
        last_seen=seen.time,
        values=dict(sorted(values.items())),
        since={k: t for k, t in sorted(since.items()) if k in kept and t != report.first_seen},
        scope=seen.scope or report.scope,
        missing_since=seen.past.missing_since if seen.past else None,
        retired=seen.past.retired if seen.past else False,
        distinct_from=tuple(sorted({*report.distinct_from, *seen.distinct_from})),
    )


def settle_item_report(before: ItemReport, after: ItemReport) -> ItemReport:
    """``after`` with the times of ``before`` wherever both say the same.

    A run may say a thing twice on the way to saying it as before; that is no change.
    """
    since = {
        what: (before.said_since(what) if _says(before, what) == _says(after, what) else time)
        for what, time in after.since.items()
    }
    since = {what: time for what, time in since.items() if time != after.first_seen}
    return after if since == after.since else msgspec.structs.replace(after, since=since)


def _says(report: ItemReport, what: str) -> object:
    if what == "kind":
        return report.kind
    return report.values.get(what, what in report.identifiers)


def _greater(left: Value, right: Value | None) -> bool:
    return right is None or repr(left) > repr(right)


def _identifiers(report: ItemReport, seen: ItemObservation, together: bool) -> tuple[str, ...]:
    if together:
        return tuple(sorted({*report.identifiers, *seen.identifiers}))
    named = {namespace_of(key) for key in seen.identifiers}
    kept = {key for key in report.identifiers if namespace_of(key) not in named}
    return tuple(sorted({*kept, *seen.identifiers}))


def same_but_seen(before: ItemReport, after: ItemReport) -> bool:
    """Whether nothing differs but when the thing was last seen."""
    return msgspec.structs.replace(before, last_seen=after.last_seen) == after


def new_link_report(seen: LinkObservation) -> LinkReport:
    """The first report of a source about a relationship."""
    return LinkReport(
        source=seen.source,
        from_key=seen.from_key,
        to_key=seen.to_key,
        first_seen=seen.past.first_seen if seen.past else seen.time,
        last_seen=seen.time,
        since=seen.past.since.get("link", seen.time) if seen.past else seen.time,
        missing_since=seen.past.missing_since if seen.past else None,
        retired=seen.past.retired if seen.past else False,
        strength=seen.strength,
        gate=seen.gate,
        weight=seen.weight,
        confidence=seen.confidence,
        evidence=seen.evidence,
        scope=seen.scope,
    )


def update_link_report(report: LinkReport, seen: LinkObservation) -> LinkReport:
    """``report`` after the same source saw the relationship again; see the items' counterpart."""
    if seen.time < report.last_seen:
        return report
    said, says = _content(report), _content(seen)
    if seen.time == report.last_seen and said > says:
        return report
    return msgspec.structs.replace(
        report,
        last_seen=seen.time,
        since=report.since if said == says else seen.time,
        strength=seen.strength,
        gate=seen.gate,
        weight=seen.weight,
        confidence=seen.confidence,
        evidence=seen.evidence,
        scope=seen.scope or report.scope,
        missing_since=seen.past.missing_since if seen.past else None,
        retired=seen.past.retired if seen.past else False,
    )


def settle_link_report(before: LinkReport, after: LinkReport) -> LinkReport:
    """``after`` with the time of ``before`` where both say the same."""
    if _content(before) == _content(after) and before.since != after.since:
        return msgspec.structs.replace(after, since=before.since)
    return after


def same_link_but_seen(before: LinkReport, after: LinkReport) -> bool:
    """Whether nothing differs but when the relationship was last seen."""
    return msgspec.structs.replace(before, last_seen=after.last_seen) == after


def _content(of: LinkReport | LinkObservation) -> tuple[object, ...]:
    gate: Gate | None = of.gate
    return (
        of.strength == "hard",
        (gate.name, str(gate.min_up)) if gate else ("", ""),
        of.weight,
        of.confidence,
        of.evidence or "",
    )
