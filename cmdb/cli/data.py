"""Verbs that bring data in and out, and show it: import, export, items, show, search."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import (
    ago,
    console,
    note,
    plural,
    print_json,
    print_table,
    say,
    short,
    styled,
)
from cmdb.cli.run import AtOption, JsonOption, LimitOption, StoreOption, with_cmdb
from cmdb.cli.runs import tell_of_held
from cmdb.cli.status import PARTIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cmdb.ingest import Loaded
    from cmdb.items import Item
    from cmdb.service import Cmdb

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would change; write nothing.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("import")(import_files)
    app.command("export")(export)
    app.command("items")(items)
    app.command("show")(show)
    app.command("search")(search)


def import_files(
    files: Annotated[
        list[Path], typer.Argument(help="JSON Lines, CSV or XLSX files.", metavar="FILE...")
    ],
    source: Annotated[
        str, typer.Option("--source", help="Whose word it is, where a line does not say.")
    ] = "import",
    scope: Annotated[str, typer.Option("--scope", help="Which part of the source it covers.")] = "",
    full_scope: Annotated[
        bool,
        typer.Option("--full-scope", help="It is all the source has: what is not in it is gone."),
    ] = False,
    mapping: Annotated[
        Path | None, typer.Option("--map", help="A TOML or YAML file that maps table columns.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="The kind of table rows that name none.")
    ] = None,
    dry_run: DryRunOption = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Import observations from files. All are checked before anything is changed.

    Example: cmdb import servers.csv --kind Server --source inventory
    """

    async def work(cmdb: Cmdb) -> tuple[Loaded, dict[str, str]]:
        from cmdb.exchange.mapping import load_map
        from cmdb.ingest import new_run

        checked = await cmdb.check_files(
            files,
            source,
            scope=scope,
            kind=kind,
            mapping=load_map(mapping) if mapping else None,
        )
        run = new_run(source, scope=scope, full_scope=full_scope, actor=cmdb.settings.actor)
        with progress_bar(len(checked), quiet=as_json) as advance:
            loaded = await cmdb.load(
                checked.items(),
                checked.links(),
                run,
                reason=f"import of {', '.join(f.name for f in files[:3])}",
                dry_run=dry_run,
                progress=advance,
            )
        return loaded, await end_names(cmdb, loaded)

    loaded, names = with_cmdb(store, work)
    show_loaded(loaded, names, dry_run, as_json)
    return PARTIAL if loaded.rejected else 0


def progress_bar(total: int, *, quiet: bool) -> Any:
    """A context whose value is told how many more observations are loaded."""
    from contextlib import contextmanager

    @contextmanager
    def bar() -> Iterator[Callable[[int], None]]:
        if quiet or not sys.stderr.isatty():
            yield lambda _: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("Loading"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=console(stderr=True), transient=True) as progress:
            task = progress.add_task("load", total=total)
            yield lambda count: progress.advance(task, count)

    return bar()


async def end_names(cmdb: Cmdb, loaded: Loaded) -> dict[str, str]:
    """The names of the items that a load's deltas are about, by id."""
    from cmdb.cli.delta import shown_entities
    from cmdb.views import entity_name

    stored = await cmdb.end_names(e for delta in loaded.deltas for e in shown_entities(delta))
    seen = {c.after.id: entity_name(c.after) for delta in loaded.deltas for c in delta.items}
    return {**stored, **seen}


def show_loaded(loaded: Loaded, names: dict[str, str], dry_run: bool, as_json: bool) -> None:
    """Print what a load did, or on a dry run would do."""
    from cmdb.cli.delta import delta_data, print_delta

    if as_json:
        print_json(
            {
                "run": loaded.run,
                "revisions": [r.number for r in loaded.revisions],
                "waiting": loaded.waiting,
                "rejected": [
                    {"identifiers": r.observation.identifiers, "reason": r.reason}
                    for r in loaded.rejected
                ],
                "unbound": [
                    {"relation": u.relation, "from": u.from_key, "to_any": u.to_any}
                    for u in loaded.unbound
                ],
                **({"delta": [delta_data(d) for d in loaded.deltas]} if dry_run else {}),
            }
        )
        return
    for delta in loaded.deltas:
        print_delta(delta, names)
    counts = loaded.run.counts
    rows = [(name.replace("_", " "), f"{n:,}") for name, n in sorted(counts.items())]
    print_table(("", "count"), rows)
    for rejected in loaded.rejected[:20]:
        note(f"Not stored: {rejected.reason}")
    for unbound in loaded.unbound[:20]:
        called = " or ".join([t for t in unbound.to_any if ":" not in t] or unbound.to_any)
        say(f"leads nowhere: {unbound.from_key} {unbound.relation} what is called {called}")
    if (more := len(loaded.unbound) - 20) > 0:
        say(f"… and {more:,} more lead nowhere")
    for waiting in loaded.waiting[:20]:
        say(
            f"waits: {waiting.relation} {waiting.report.from_key} -> {waiting.report.to_key}: "
            f"{waiting.reason}"
        )
    if (more := len(loaded.waiting) - 20) > 0:
        say(f"… and {more:,} more links wait")
    tell_of_held(loaded.run)
    if dry_run:
        say("Dry run: nothing was written.")
    elif loaded.revisions:
        first, last = loaded.revisions[0].number, loaded.revisions[-1].number
        which = f"revision {first}" if first == last else f"revisions {first} to {last}"
        say(f"Written as {which}.")
    else:
        say("Nothing changed.")


def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file; its ending decides between formats."),
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="jsonl, csv or xlsx.", metavar="FORMAT")
    ] = None,
    at: AtOption = None,
    store: StoreOption = None,
) -> int:
    """Export everything as observations; importing them into an empty store gives the same graph.

    Example: cmdb export -o estate.jsonl
    """
    from cmdb.cli.exporting import export_to

    items_count, links_count = with_cmdb(
        store, lambda cmdb: export_to(cmdb, output, file_format, at)
    )
    note(
        f"Exported {plural(items_count, 'report')} of items and {plural(links_count, 'report')} "
        "of links."
    )
    return 0


def items(
    kind: Annotated[
        list[str] | None, typer.Option("--kind", "-k", help="Only this kind and those below it.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", "-w", help="A condition such as environment=production."),
    ] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only this status (default: not retired).")
    ] = None,
    sort: Annotated[str, typer.Option("--sort", help="A field; -field for descending.")] = "name",
    limit: LimitOption = 50,
    after: Annotated[
        str | None, typer.Option("--after", help="The cursor that the page before ended with.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """List items.

    Example: cmdb items --kind Host --where environment=production --sort=-memory
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.filters import item_query

        query = item_query(
            cmdb.catalogue,
            kinds=kind or [],
            conditions=where or [],
            statuses=status or [],
            sort=sort,
            limit=limit,
            after=after,
        )
        return await cmdb.store.query(query)

    page = with_cmdb(store, work)
    if as_json:
        print_json(
            {
                "items": [_short(i) for i in page.items],
                "total": page.total,
                "has_next": page.has_next,
                "end_cursor": page.cursors[-1] if page.cursors else None,
            }
        )
        return 0
    _print_items(page.items)
    more = f"; the next page: --after {page.cursors[-1]}" if page.has_next else ""
    say(f"{len(page.items)} of {plural(page.total, 'item')}{more}")
    return 0


def _short(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "name": item.name,
        "status": item.status,
        "identifiers": item.identifiers,
        "properties": item.properties,
        "sources": item.sources,
        "first_seen": item.first_seen,
        "last_seen": item.last_seen,
        "revision": item.revision,
    }


def _print_items(found: Any) -> None:
    print_table(
        ("kind", "name", "status", "seen", "id"),
        [(i.kind, i.name, i.status.value, ago(i.last_seen), i.id) for i in found],
    )


def show(
    item: Annotated[str, typer.Argument(help="An id, an identifier or a unique name.")],
    at: AtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Show one item: its values and who says so, and its links.

    Example: cmdb show fqdn:web1.example.org
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.errors import UnknownItem
        from cmdb.views import item_view

        if at is None:
            return await cmdb.show(await cmdb.find(item))
        past = await cmdb.item_at(item, at)
        if past is None:
            raise UnknownItem(item)
        return item_view(past, (), cmdb.rules)

    view = with_cmdb(store, work)
    if as_json:
        print_json(view)
        return 0
    say(f"{view.kind} {view.name}", "bold")
    say(f"  id {view.id}, {view.status.value}, revision {view.revision}")
    seen = f"seen {ago(view.last_seen)} by {', '.join(view.sources)}"
    say(f"  {seen}{' (stale)' if view.stale else ''}")
    say(f"  identified by {', '.join(view.identifiers) or 'nothing any more'}")
    if view.former_identifiers:
        say(f"  formerly {', '.join(view.former_identifiers)}")
    print_table(
        ("property", "value", "source", "said since", "others say"),
        [
            (
                p.property,
                short(_value(p.winner.value)),
                p.winner.source + (" (stale)" if p.winner.stale else ""),
                p.winner.since.date().isoformat(),
                "; ".join(f"{o.source}: {_value(o.value)}" for o in p.others),
            )
            for p in view.provenance
        ],
    )
    if view.links:
        print_table(
            ("relation", "item", "", "sources"),
            [
                (
                    end.phrase,
                    f"{end.kind} {end.name}",
                    styled(_remarks(end), "dim"),
                    ", ".join(end.sources),
                )
                for end in sorted(view.links, key=lambda e: (not e.outgoing, e.relation, e.name))
            ],
        )
    return 0


def _remarks(end: Any) -> str:
    remarks = [end.strength] if end.strength == "soft" else []
    if end.basis == "declared":
        remarks.append("declared only")
    if end.gate:
        remarks.append(f"gate {end.gate}, {end.min_up} must serve")
    if end.status != "active":
        remarks.append(end.status)
    if end.confidence < 1:
        remarks.append(f"confidence {end.confidence:g}")
    return ", ".join(remarks)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def search(
    text: Annotated[list[str], typer.Argument(help="Words; each must begin a word of the item.")],
    kind: Annotated[list[str] | None, typer.Option("--kind", "-k", help="Only this kind.")] = None,
    limit: LimitOption = 20,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Hits to skip.")] = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Search items by the words in their names, identifiers and properties.

    Example: cmdb search core sw1
    """

    async def work(cmdb: Cmdb) -> Any:
        kinds = [d for k in kind or [] for d in cmdb.catalogue.descendants(k)] or None
        return await cmdb.store.search(" ".join(text), kinds, limit, offset)

    page = with_cmdb(store, work)
    if as_json:
        print_json({"items": [_short(i) for i in page.items], "total": page.total})
        return 0
    _print_items(page.items)
    say(f"{len(page.items)} of {plural(page.total, 'hit')}")
    return 0
