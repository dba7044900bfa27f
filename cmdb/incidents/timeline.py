"""What happened around an incident, in order: alerts, edits, changes, transitions and notes.

All of it is read: the record's own history from the revision log, alerts and changes from their
records, and the edits of what the incident affects and of what the analysis suspects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cmdb.edits import read_edits
from cmdb.incidents import analysis as analysed
from cmdb.incidents.view import TimelineEntry
from cmdb.items import Item
from cmdb.items.value import parse_time
from cmdb.records.records import find_record, linked_items
from cmdb.service import Cmdb
from cmdb.views import HistoryEntry
from impact.edits import Edit

BEFORE = timedelta(hours=24)
"""How long before an incident's beginning its timeline starts."""
MOST = 1000
TOGETHER = 5
"""More edits of one revision than this, of what an incident is about, are told as one entry."""
_SHOWN = ("impact", "urgency", "priority", "assignment_group", "assigned_to", "hold_reason")


async def incident_timeline(cmdb: Cmdb, incident: str) -> list[TimelineEntry]:
    """The timeline, oldest first; the first thousand entries of each kind at most."""
    found = await find_record(cmdb, incident, "Incident")
    affected = await linked_items(cmdb, found.id, "AFFECTS")
    related = await linked_items(cmdb, found.id, "RELATES_TO")
    alerts = [item for item in related if item.kind == "Alert"]
    analysis = analysed.read(found.properties.get("analysis"))
    watched = {item.id for item in affected}
    if analysis is not None:
        watched |= {item.id for cause in analysis.causes for item in cause.items}
        watched |= {item.id for suspect in analysis.suspects for item in suspect.items}
    began = _began(found, alerts)
    rows = [
        *_record(await cmdb.history(found, MOST)),
        *_alerts(alerts),
        *await _edits(cmdb, watched, began),
        *await _changes(cmdb, sorted(watched), began),
    ]
    return sorted(rows, key=lambda row: (row.time, row.revision or 0, row.sentence))


def _began(found: Item, alerts: Sequence[Item]) -> datetime:
    times = [found.properties.get("opened_at"), *(a.properties.get("started_at") for a in alerts)]
    known = [parse_time(t) for t in times if isinstance(t, str)]
    return min(known) if known else found.first_seen or datetime.now(UTC)


def _record(history: Iterable[HistoryEntry]) -> Iterable[TimelineEntry]:
    for entry in history:
        said = {c.field.removeprefix("properties."): c for c in entry.changes}
        if entry.action == "created":
            yield _told(entry, "record", f"Opened: {entry.revision_reason}.")
            continue
        if "state" in said:
            change = said["state"]
            yield _told(entry, "record", f"{change.before} -> {change.after}")
        if "work_notes" in said:
            notes = said["work_notes"]
            known = len(notes.before or ())
            for note in (notes.after or ())[known:]:
                yield _told(entry, "note", str(note))
        for name in _SHOWN:
            if name in said:
                change = said[name]
                yield _told(entry, "record", f"{name}: {change.before} -> {change.after}")


def _told(entry: HistoryEntry, kind: str, sentence: str) -> TimelineEntry:
    return TimelineEntry(
        time=entry.time,
        type="note" if kind == "note" else "record",
        sentence=sentence,
        actor=entry.actor,
        revision=entry.revision,
        item=entry.id,
    )


def _alerts(alerts: Iterable[Item]) -> Iterable[TimelineEntry]:
    for alert in alerts:
        said = alert.properties.get("summary") or alert.name
        for name, what in (("started_at", "Alert"), ("ended_at", "Alert over")):
            time = alert.properties.get(name)
            if isinstance(time, str):
                sentence = f"{what}: {said}"
                yield TimelineEntry(parse_time(time), "alert", sentence, None, None, alert.id)


async def _edits(cmdb: Cmdb, watched: set[str], began: datetime) -> list[TimelineEntry]:
    """The edits of what is watched; those of one revision are one entry where they are many."""
    read = await read_edits(cmdb, began - BEFORE, await cmdb.revision())
    found: dict[int, list[Edit]] = {}
    for edit in read.edits:
        if edit.kind != "change" and not watched.isdisjoint(edit.items):
            found.setdefault(edit.revision, []).append(edit)
    told = [edits for edits in found.values() if len(edits) <= TOGETHER]
    items = await cmdb.store.items({i for edits in told for edit in edits for i in edit.items})
    rows: list[TimelineEntry] = []
    for edits in list(found.values())[-MOST:]:
        if len(edits) > TOGETHER:
            said = f"{len(edits)} of the {edits[0].together} edits of this revision are about it"
            rows.append(_edited(edits[0], said))
        else:
            rows += [
                _edited(e, f"{' and '.join(_name(items.get(i)) for i in e.items)}: {e.summary}")
                for e in edits
            ]
    return rows


def _edited(edit: Edit, sentence: str) -> TimelineEntry:
    return TimelineEntry(
        edit.time, "revision", sentence, edit.actor, edit.revision or None, edit.items[0]
    )


def _name(item: Item | None) -> str:
    return f"{item.kind} {item.name}" if item else "something that is gone"


async def _changes(cmdb: Cmdb, watched: Sequence[str], began: datetime) -> list[TimelineEntry]:
    if not watched:
        return []
    links = await cmdb.store.links(watched, "in", ["CHANGES"])
    rows: list[TimelineEntry] = []
    for change in (await cmdb.store.items({link.from_id for link in links})).values():
        who = change.properties.get("assigned_to")
        for name, what in (("work_start", "began"), ("work_end", "ended")):
            time = change.properties.get(name)
            if isinstance(time, str) and parse_time(time) >= began - BEFORE:
                about = change.properties.get("short_description", "")
                rows.append(
                    TimelineEntry(
                        parse_time(time),
                        "change",
                        f"{change.name} {what}: {about}",
                        who if isinstance(who, str) else None,
                        None,
                        change.id,
                    )
                )
    return rows
