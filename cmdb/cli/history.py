"""Verbs about what was: history, diff, revert, merge, unmerge, revisions, waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import plural, print_json, print_table, say, short
from cmdb.cli.run import JsonOption, LimitOption, ReasonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    for verb in (history, diff, revert, merge, unmerge, revisions, waiting):
        app.command(verb.__name__)(verb)


def history(
    item: Annotated[str, typer.Argument(help="An id, an identifier or a unique name.")],
    limit: LimitOption = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What happened to an item, newest first, by whom and why.

    Example: cmdb history dc1-core-sw1
    """

    async def work(cmdb: Cmdb) -> Any:
        return await cmdb.history(await cmdb.find(item), limit)

    entries = with_cmdb(store, work)
    if as_json:
        print_json({"history": entries})
        return 0
    for entry in entries:
        time = entry.time.isoformat(timespec="seconds")
        say(f"revision {entry.revision}, {time}: {entry.action.value}", "bold")
        say(f"  by {entry.actor} for {entry.source}: {entry.revision_reason}")
        say(f"  {entry.reason}")
        _print_changes(entry.changes)
    return 0


def _print_changes(changes: Any) -> None:
    for change in changes:
        say(f"    {change.field}: {short(repr(change.before))} -> {short(repr(change.after))}")


def diff(
    start: Annotated[str, typer.Argument(help="A revision or a time.", metavar="FROM")],
    end: Annotated[str, typer.Argument(help="A revision or a time.", metavar="TO")],
    limit: LimitOption = 100,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What differs between two points in the past.

    Example: cmdb diff 3 2026-11-24T03:00:00Z
    """
    from cmdb.views import entity_name, field_changes

    async def work(cmdb: Cmdb) -> Any:
        found = await cmdb.difference(start, end)
        return found, await cmdb.end_names(d.after or d.before for d in found[:limit])

    found, names = with_cmdb(store, work)
    if as_json:
        rows = [
            {
                "id": d.id,
                "before": d.before,
                "after": d.after,
                "changes": field_changes(d.before, d.after),
            }
            for d in found[:limit]
        ]
        print_json({"differences": rows, "total": len(found), "truncated": len(found) > limit})
        return 0
    for d in found[:limit]:
        sign = "+" if d.before is None else "-" if d.after is None else "~"
        say(f"{sign} {entity_name(d.after or d.before, names)}")
        if d.before is not None and d.after is not None:
            _print_changes(field_changes(d.before, d.after))
    say(f"{min(limit, len(found))} of {plural(len(found), 'difference')}")
    return 0


def revert(
    revision: Annotated[int, typer.Argument(help="The number of the revision to undo.")],
    reason: ReasonOption = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Undo a revision by a new one. Refused where something was edited again since.

    Example: cmdb revert 12 --dry-run
    """
    from cmdb.cli.delta import delta_data, print_delta, shown_entities

    async def work(cmdb: Cmdb) -> Any:
        done = await cmdb.revert(revision, reason, dry_run=dry_run)
        return done, await cmdb.end_names(shown_entities(done.delta))

    done, names = with_cmdb(store, work)
    if as_json:
        print_json({"revision": done.revision, "delta": delta_data(done.delta)})
        return 0
    print_delta(done.delta, names)
    if done.revision is None:
        say("Dry run: nothing was written.")
    else:
        say(f"Written as revision {done.revision.number}.")
    return 0


def merge(
    left: Annotated[str, typer.Argument(help="An id, an identifier or a unique name.")],
    right: Annotated[str, typer.Argument(help="The same thing, under its other item.")],
    reason: ReasonOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make one item of two that are the same thing. It can be undone.

    Example: cmdb merge serial:4C1 fqdn:web1.example.org
    """

    async def work(cmdb: Cmdb) -> Any:
        ids = (await cmdb.find(left)).id, (await cmdb.find(right)).id
        kept = await cmdb.merge(*ids, reason=reason)
        return kept, [item_id for item_id in ids if item_id != kept.id]

    kept, absorbed = with_cmdb(store, work)
    if as_json:
        print_json(kept)
        return 0
    say(f"They are one: {kept.kind} {kept.name} ({kept.id}).")
    for item_id in absorbed:
        say(f"To undo it: cmdb unmerge {item_id}")
    return 0


def unmerge(
    item_id: Annotated[str, typer.Argument(help="The id of the item that was merged.")],
    reason: ReasonOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take an item out of the one it was merged into, and keep it out."""
    restored = with_cmdb(store, lambda cmdb: cmdb.unmerge(item_id, reason))
    if as_json:
        print_json(restored)
    else:
        say(f"{restored.kind} {restored.name} ({restored.id}) stands for itself again.")
    return 0


def revisions(
    limit: LimitOption = 20, store: StoreOption = None, as_json: JsonOption = False
) -> int:
    """List revisions, newest first."""
    found = with_cmdb(store, lambda cmdb: cmdb.store.revisions(limit=limit, newest_first=True))
    if as_json:
        print_json({"revisions": found})
        return 0
    print_table(
        ("revision", "time", "actor", "source", "edits", "reason"),
        [
            (r.number, r.time.isoformat(timespec="seconds"), r.actor, r.source, r.edits, r.reason)
            for r in found
        ],
    )
    return 0


def waiting(limit: LimitOption = 50, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """List links that wait for an item nobody has reported yet."""

    async def work(cmdb: Cmdb) -> Any:
        return await cmdb.store.waiting(limit=limit), (await cmdb.store.info()).waiting

    found, total = with_cmdb(store, work)
    if as_json:
        print_json({"waiting": found, "total": total})
        return 0
    print_table(
        ("relation", "from", "to", "source", "because"),
        [
            (w.relation, w.report.from_key, w.report.to_key, w.report.source, w.reason)
            for w in found
        ],
    )
    say(f"{len(found)} of {plural(total, 'waiting link')}")
    return 0
