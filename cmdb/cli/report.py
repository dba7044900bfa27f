"""The verb report: evidence and metrics."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import print_json, print_table, say
from cmdb.cli.run import AtOption, JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.reports.report import Report
    from cmdb.service import Cmdb


class ReportFormat(StrEnum):
    """What a report is written as."""

    text = "text"
    markdown = "markdown"
    html = "html"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("report")(report)


def report(
    name: Annotated[str, typer.Argument(help="itil, iso20000, cobit or dora.")],
    at: AtOption = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Where it begins.", metavar="TIME")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Where it ends.", metavar="TIME")
    ] = None,
    written: Annotated[
        ReportFormat, typer.Option("--format", help="html is a page that stands alone.")
    ] = ReportFormat.text,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Metrics and evidence of 90 days, reproducible from the revision that it names.

    Example: cmdb report iso20000 --format html > iso20000.html
    """

    async def work(cmdb: Cmdb) -> Report:
        from cmdb.reports.make import make_report
        from cmdb.times import read_time

        return await make_report(
            cmdb,
            name,
            at=at,
            since=read_time(since, "--since"),
            until=read_time(until, "--until"),
        )

    found = with_cmdb(store, work)
    if as_json or written is ReportFormat.json:
        print_json(found)
    elif written is ReportFormat.text:
        _print(found)
    else:
        from cmdb.reports import render

        sys.stdout.write(getattr(render, written.value)(found))
    return 0


def _print(found: Report) -> None:
    from cmdb.reports.render import heading, value_of

    say(f"{found.title}, {found.since:%Y-%m-%d} to {found.until:%Y-%m-%d}", "bold")
    for section in found.sections:
        say()
        say(heading(section), "bold")
        if section.measures:
            print_table(
                ("measure", "value", "n", "definition"),
                [(m.name, value_of(m), m.n, m.sentence) for m in section.measures],
            )
        for line in section.missing:
            say(f"missing: {line}")
        for line in section.attest:
            say(f"to be attested: {line}")
    say(f"(revision {found.revision})")
