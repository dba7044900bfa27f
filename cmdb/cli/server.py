"""Verbs that run servers: demo, serve, doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import ago, note, plural, print_json, print_table, say
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdb.items import ItemObservation, LinkObservation, Observation
    from cmdb.service import Cmdb

HostOption = Annotated[
    str | None,
    typer.Option("--host", help="The address to listen on; beyond loopback only with a token."),
]
PortOption = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")
]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("demo")(demo)
    app.command("serve")(serve)
    app.command("info")(info)
    app.command("query")(query)


def demo(
    items: Annotated[
        int | None, typer.Option("--items", min=1, help="How many items the estate has.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another estate.")] = 7,
    load_only: Annotated[
        bool, typer.Option("--load-only", help="Load it into --store and do not serve it.")
    ] = False,
    records: Annotated[
        bool | None,
        typer.Option(
            "--records/--no-records",
            help="Three months of incidents, problems, changes and requests as well "
            "(unless told: only when it is served).",
        ),
    ] = None,
    host: HostOption = None,
    port: PortOption = None,
    store: StoreOption = None,
) -> int:
    """Load the demo estate into a throw-away store and serve it.

    Example: cmdb demo
    """
    import tempfile

    with_records = records if records is not None else not load_only
    if load_only:
        return with_cmdb(store, lambda cmdb: _load_demo(cmdb, items, seed, records=with_records))
    if store is not None:
        return with_cmdb(
            store,
            lambda cmdb: _demo(cmdb, items, seed, records=with_records),
            host=host,
            port=port,
        )
    with tempfile.TemporaryDirectory(prefix="cmdb-demo-") as folder:
        return with_cmdb(
            f"sqlite:///{folder}/demo.db",
            lambda cmdb: _demo(cmdb, items, seed, records=with_records),
            host=host,
            port=port,
        )


async def _demo(cmdb: Cmdb, items: int | None, seed: int, *, records: bool) -> int:
    from cmdb.app import serve as run_server
    from cmdb.demo import highlights

    await _load_demo(cmdb, items, seed, records=records)

    def ready(address: str) -> None:
        say(f"The demo estate is served at {address}", "bold")
        say("Three things to try (another terminal, or the page):")
        for number, highlight in enumerate(highlights(), 1):
            say(f"  {number}. {highlight.title}: {highlight.command}")
            say(f"     {highlight.why}")
        say(f"For the commands: export CMDB_STORE={cmdb.settings.store}")
        say("Press Ctrl+C to stop; the demo's data goes with it.")

    await run_server(cmdb, on_ready=ready)
    return 0


async def _load_demo(cmdb: Cmdb, items: int | None, seed: int, *, records: bool) -> int:
    from cmdb.demo import demo_observations
    from cmdb.ingest import new_run

    note("Loading the demo estate …")
    items_seen, links_seen = _apart(demo_observations(seed, items))
    run = new_run("demo", actor=cmdb.settings.actor)
    loaded = await cmdb.load(items_seen, links_seen, run, reason="the demo estate")
    counts = loaded.run.counts
    note(
        f"Loaded {plural(counts.get('created', 0), 'item')} and "
        f"{plural(counts.get('links_created', 0), 'link')}; "
        f"{plural(counts.get('waiting', 0), 'link waits', 'links wait')} for an item."
    )
    if records:
        await _load_records(cmdb, seed)
    return 0


async def _load_records(cmdb: Cmdb, seed: int) -> None:
    """Load what the service desk of the demo estate did, and then a scan that finds a change which
    nobody asked for."""
    from datetime import UTC, datetime

    from cmdb.demo.desk import SOURCE, desk_observations, drift
    from cmdb.ingest import new_run

    seen, told = _apart(desk_observations(datetime.now(UTC), seed))
    run = new_run(SOURCE, actor=cmdb.settings.actor)
    loaded = await cmdb.load(seen, told, run, reason="three months of the service desk")
    note(f"Loaded {plural(loaded.run.counts.get('created', 0), 'record')} of three months.")
    scan = new_run("monitoring", actor="monitoring")
    found = [drift(datetime.now(UTC))]
    await cmdb.load(found, [], scan, reason="a scan of the network", actor="monitoring")


def _apart(
    seen: Iterator[Observation],
) -> tuple[Iterator[ItemObservation], Iterator[LinkObservation]]:
    """The items at the front of a stream and the links behind them, without keeping either."""
    from cmdb.items import ItemObservation, LinkObservation

    first_link: list[LinkObservation] = []

    def items() -> Iterator[ItemObservation]:
        for observation in seen:
            if not isinstance(observation, ItemObservation):
                first_link.append(observation)
                return
            yield observation

    def links() -> Iterator[LinkObservation]:
        yield from first_link
        for observation in seen:
            if isinstance(observation, LinkObservation):
                yield observation

    return items(), links()


def serve(
    host: HostOption = None,
    port: PortOption = None,
    store: StoreOption = None,
) -> int:
    """Serve the GraphQL API and the web app.

    Example: cmdb serve --port 8080
    """

    async def work(cmdb: Cmdb) -> int:
        from cmdb.app import serve as run_server

        await run_server(cmdb, on_ready=lambda address: say(f"Serving at {address}"))
        return 0

    return with_cmdb(store, work, serving=True, host=host, port=port)


def query(
    document: Annotated[str, typer.Argument(help="A GraphQL document, or - for standard input.")],
    variables: Annotated[
        str | None, typer.Option("--variables", help="Variables as a JSON object.", metavar="JSON")
    ] = None,
    store: StoreOption = None,
) -> int:
    """Run a GraphQL document and print the answer, as the server would give it.

    Example: cmdb query '{ servers(first: 3) { totalCount nodes { name memory } } }'
    """
    import json
    import sys

    from cmdb.errors import InvalidInput

    text = sys.stdin.read() if document == "-" else document
    try:
        given = json.loads(variables or "{}")
    except ValueError as error:
        raise InvalidInput(f"--variables is no JSON: {error}.") from None

    async def work(cmdb: Cmdb) -> int:
        from cmdb_graphql.context import Context
        from cmdb_graphql.schema import build_schema

        result = await build_schema(cmdb.catalogue).execute(
            text, variable_values=given, context_value=Context(cmdb)
        )
        answer: dict[str, object] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        print_json(answer)
        return 2 if result.errors else 0

    return with_cmdb(store, work)


def info(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """What the store holds: its counts by kind and relation, and its latest revision."""
    found = with_cmdb(store, lambda cmdb: cmdb.store.info())
    if as_json:
        print_json(found)
        return 0
    say(f"{found.engine} at {found.place}", "bold")
    say(f"  revision {found.revision}, written {ago(found.revision_time)}")
    print_table(("kind", "items"), sorted(found.items.items()))
    print_table(("relation", "links"), sorted(found.links.items()))
    say(f"{plural(sum(found.items.values()), 'item')}, {plural(sum(found.links.values()), 'link')}")
    if found.waiting:
        say(f"{plural(found.waiting, 'link waits', 'links wait')} for an item: cmdb waiting")
    return 0
