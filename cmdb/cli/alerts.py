"""Verbs about alerts: alerts, alerts bind, receive, correlate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import ago, plural, print_json, print_table, say
from cmdb.cli.records import acting, record_data
from cmdb.cli.run import JsonOption, LimitOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.alerts.correlate import Correlated
    from cmdb.alerts.receive import Received
    from cmdb.items import Item
    from cmdb.service import Cmdb

AllOption = Annotated[bool, typer.Option("--all", help="Those that are over as well.")]


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = typer.Typer(rich_markup_mode=None, help=alerts.__doc__)
    verbs.callback(invoke_without_command=True)(alerts)
    verbs.command("bind")(bind)
    verbs.command("receive")(receive)
    verbs.command("correlate")(correlate)
    app.add_typer(verbs, name="alerts")


def alerts(
    context: typer.Context,
    unbound: Annotated[
        bool, typer.Option("--unbound", help="Only those that lead to no item.")
    ] = False,
    everything: AllOption = False,
    limit: LimitOption = 50,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """List alerts, the latest first; bind them, and gather them into incidents."""
    if context.invoked_subcommand is not None:
        return 0

    async def work(cmdb: Cmdb) -> tuple[list[tuple[Item, list[Item]]], int]:
        from cmdb.alerts.queue import list_alerts

        return await list_alerts(cmdb, unbound=unbound, is_open=not everything, limit=limit)

    rows, total = with_cmdb(store, work)
    if as_json:
        print_json({"total": total, "alerts": [_data(alert, about) for alert, about in rows]})
        return 0
    print_table(
        ("number", "state", "severity", "since", "told", "about", "summary"),
        [_row(alert, about) for alert, about in rows],
    )
    say(f"{plural(total, 'alert')}" + (f", {len(rows)} shown" if total > len(rows) else ""))
    return 0


def _data(alert: Item, about: list[Item]) -> dict[str, Any]:
    ends = [{"id": item.id, "kind": item.kind, "name": item.name} for item in about]
    return {**record_data(alert), "affects": ends}


def _row(alert: Item, about: list[Item]) -> tuple[str, ...]:
    from cmdb.items.value import parse_time

    props = alert.properties
    since = props.get("started_at")
    return (
        alert.name,
        str(props.get("state", "")),
        str(props.get("severity", "")),
        ago(parse_time(since)) if isinstance(since, str) else "",
        f"{props.get('notifications', 1)}x",
        ", ".join(f"{item.kind} {item.name}" for item in about) or "nothing known",
        str(props.get("summary", "")),
    )


def bind(
    alert: Annotated[str, typer.Argument(help="The alert's number, or any identifier.")],
    item: Annotated[str, typer.Argument(help="What it is about.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say which item an alert is about.

    Example: cmdb alerts bind ALT0000001 checkout@production
    """

    async def work(cmdb: Cmdb) -> tuple[Item, Item]:
        from cmdb.alerts.queue import bind_alert

        return await bind_alert(cmdb, alert, item, acting(cmdb)), await cmdb.find(item)

    made, about = with_cmdb(store, work)
    if as_json:
        print_json(_data(made, [about]))
    else:
        say(f"{made.name} is about {about.kind} {about.name}.")
    return 0


def receive(
    tool: Annotated[
        str, typer.Argument(help="alertmanager, pagerduty, or generic/NAME by a mapping.")
    ],
    file: Annotated[Path, typer.Argument(help="What the tool sent, as a file of JSON.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take alerts from a file as if their tool had sent them, and gather them into incidents.

    Example: cmdb alerts receive alertmanager docs/examples/alertmanager.json
    """

    async def work(cmdb: Cmdb) -> tuple[Received, Correlated]:
        from cmdb.alerts.correlate import correlate as gather
        from cmdb.alerts.receive import receive as take
        from cmdb.alerts.rules import rules_in_force
        from cmdb.alerts.tools import read_alerts
        from cmdb.given import text_of
        from cmdb.records.actor import Actor

        rules = rules_in_force(cmdb.settings.alert_rules)
        values = read_alerts(tool, text_of(file).encode(), cmdb.settings.alert_mappings)
        return await take(cmdb, rules, values, Actor(tool)), await gather(cmdb, rules)

    received, correlated = with_cmdb(store, work)
    if as_json:
        print_json({"received": received, "correlated": correlated})
        return 0
    say(
        f"{plural(received.notifications, 'notification')}: {received.opened} opened, "
        f"{received.updated} known, {received.closed} over, {received.unbound} lead to no item."
    )
    _say_correlated(correlated)
    return 0


def correlate(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Bind waiting alerts whose item has come, and gather open alerts into incidents, as a server
    does by itself."""

    async def work(cmdb: Cmdb) -> Correlated:
        from cmdb.alerts.correlate import correlate as gather
        from cmdb.alerts.rules import rules_in_force

        return await gather(cmdb, rules_in_force(cmdb.settings.alert_rules))

    correlated = with_cmdb(store, work)
    if as_json:
        print_json(correlated)
    else:
        _say_correlated(correlated)
    return 0


def _say_correlated(done: Correlated) -> None:
    if done.bound:
        say(f"{plural(done.bound, 'waiting alert')} bound.")
    if done.joined:
        say(f"{plural(done.joined, 'alert')} joined open incidents.")
    if done.opened:
        say(f"{plural(done.gathered, 'alert')} gathered into {', '.join(done.opened)}.")
    if done.noted:
        say(f"All alerts are over of {', '.join(done.noted)}.")
    if not (done.bound or done.joined or done.opened or done.noted):
        say("Nothing to gather.")
