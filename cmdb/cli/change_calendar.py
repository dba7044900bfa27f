"""Verbs about the calendar and the models of changes, and about unauthorised changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.records import AffectsOption, acting, group, print_record
from cmdb.cli.run import JsonOption, LimitOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.changes.view import ChangeCalendar, UnauthorizedChanges
    from cmdb.items import Item
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    windows = group(app, "window", "When work is agreed, and when it is forbidden.")
    windows.command("add")(add)
    windows.command("list")(list_)


def add(
    window_type: Annotated[str, typer.Argument(help="maintenance, blackout or freeze.")],
    start: Annotated[str, typer.Option("--start", help="When it first begins.", metavar="TIME")],
    end: Annotated[str, typer.Option("--end", help="When it first ends.", metavar="TIME")],
    zone: Annotated[
        str, typer.Option("--zone", help="The time zone it is kept in, as Europe/Berlin.")
    ] = "UTC",
    rule: Annotated[
        str | None,
        typer.Option(
            "--rule", help="How it recurs: an RFC 5545 RRULE such as FREQ=WEEKLY;BYDAY=SA."
        ),
    ] = None,
    about: Annotated[str, typer.Option("--about", help="What it is for, in a line.")] = "",
    affects: AffectsOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Add a window. Times without an offset are on the clocks of its zone; without --affects it
    holds for everything.

    Example: cmdb window add maintenance --start 2027-03-06T22:00 --end 2027-03-07T04:00
    --zone Europe/Berlin --rule "FREQ=WEEKLY;BYDAY=SA" --affects dc1
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.windows import add_window

        return await add_window(
            cmdb,
            acting(cmdb),
            window_type,
            start,
            end,
            zone=zone,
            rule=rule,
            description=about,
            affects=affects or (),
        )

    made = with_cmdb(store, work)
    return print_record(made, f"{made.name} added.", as_json=as_json)


def list_(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """List the windows, with the next time that each begins."""

    async def work(cmdb: Cmdb) -> list[dict[str, Any]]:
        from cmdb.changes.windows import known_windows, next_start

        found = await known_windows(cmdb)
        scopes = await cmdb.store.items({i for w in found for i in w.scope})
        return [
            {
                "number": w.item.name,
                "type": w.type,
                "about": w.item.properties.get("description") or "",
                "zone": w.recurrence.zone,
                "rule": w.recurrence.rule,
                "affects": sorted(scopes[i].name for i in w.scope if i in scopes),
                "next": next_start(w),
            }
            for w in found
        ]

    rows = with_cmdb(store, work)
    if as_json:
        print_json({"windows": rows})
        return 0
    print_table(
        ("number", "type", "about", "recurs", "zone", "next", "for"),
        [
            (
                r["number"],
                r["type"],
                r["about"],
                r["rule"] or "once",
                r["zone"],
                f"{r['next']:%Y-%m-%d %H:%M}" if r["next"] else "over",
                ", ".join(r["affects"][:3]) or "everything",
            )
            for r in rows
        ],
    )
    say(plural(len(rows), "window"))
    return 0


def calendar(
    start: Annotated[
        str | None, typer.Option("--from", help="From then on; now unless told.", metavar="TIME")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Two weeks later unless told.", metavar="TIME")
    ] = None,
    limit: LimitOption = 100,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What is planned, and when work is agreed or forbidden. Times are in UTC.

    Example: cmdb change calendar --from 2027-03-01 --to 2027-04-01
    """

    async def work(cmdb: Cmdb) -> ChangeCalendar:
        from cmdb.changes.schedule import change_calendar
        from cmdb.times import read_time

        return await change_calendar(
            cmdb, read_time(start, "--from"), read_time(end, "--to"), limit=limit
        )

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    print_table(
        ("from", "to", "", "what", "for"),
        [
            (
                f"{e.start:%Y-%m-%d %H:%M}",
                f"{e.end:%Y-%m-%d %H:%M}",
                e.type if e.type != "change" else str(e.state).replace("_", " "),
                f"{e.number} {e.about}".strip(),
                ", ".join(e.items) or "everything",
            )
            for e in found.entries
        ],
    )
    if found.truncated:
        say(f"The first {len(found.entries)}; there is more (--limit).")
    return 0


def models(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """List the models of changes."""

    async def work(cmdb: Cmdb) -> list[Any]:
        from cmdb.changes.models import models_of

        return sorted(models_of(cmdb).values(), key=lambda m: m.name)

    found = with_cmdb(store, work)
    if as_json:
        print_json({"models": [_model(m) for m in found]})
        return 0
    print_table(
        ("model", "type", "about", "from"),
        [(m.name, m.type, m.description, m.file) for m in found],
    )
    return 0


def _model(found: Any) -> dict[str, Any]:
    return {
        "name": found.name,
        "type": found.type,
        "description": found.description,
        "file": found.file,
        "plans": dict(found.plans),
        "transitions": [
            {
                "from": t.start,
                "to": t.to,
                "requires": t.requires,
                "checks": t.checks,
                "roles": t.roles,
            }
            for t in found.cycle.transitions
        ],
    }


def unauthorized(
    since: Annotated[
        str | None, typer.Option("--since", help="30 days ago unless told.", metavar="TIME")
    ] = None,
    open_: Annotated[
        str | None,
        typer.Option(
            "--open",
            help="Open an emergency change for what a revision did to an item.",
            metavar="ITEM@REVISION",
        ),
    ] = None,
    limit: LimitOption = 50,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Controlled properties that a source saw edited outside every approved change of their item.

    Example: cmdb change unauthorized --open dc1-core-sw1@42
    """
    if open_ is not None:
        return _open(store, open_, as_json=as_json)

    async def work(cmdb: Cmdb) -> UnauthorizedChanges:
        from cmdb.changes.unauthorized import unauthorized_changes
        from cmdb.times import read_time

        return await unauthorized_changes(cmdb, read_time(since, "--since"), limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    print_table(
        ("time", "item", "what", "seen by", "revision", "might know", "change"),
        [
            (
                f"{c.time:%Y-%m-%d %H:%M}",
                f"{c.kind} {c.name}",
                f"{c.property}: {c.before} -> {c.after}",
                c.source,
                c.revision,
                ", ".join(c.who_might_know[:3]),
                c.change or "",
            )
            for c in found.changes
        ],
    )
    say(f"{len(found.changes)} of {plural(found.total, 'unauthorised change')}")
    return 0


def _open(store: str | None, text: str, *, as_json: bool) -> int:
    from cmdb.errors import InvalidInput

    item, at, revision = text.rpartition("@")
    if not at or not revision.isdecimal():
        raise InvalidInput(f"Write ITEM@REVISION, as the list has them, not {text!r}.")

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.unauthorized import open_for

        return await open_for(cmdb, acting(cmdb), item, int(revision))

    made = with_cmdb(store, work)
    said = f"{made.name}: {made.properties.get('short_description')}"
    return print_record(made, said, as_json=as_json)
