"""All verbs, and the one place where errors become exit statuses."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from cmdb.cli import (
    alerts,
    analysis,
    catalogue,
    causes,
    change,
    change_calendar,
    configuration,
    data,
    discover,
    history,
    incident,
    problem,
    report,
    request,
    restoration,
    risk,
    runs,
    scan,
    server,
    weak_points,
    webhooks,
)
from cmdb.cli.output import note, show_error
from cmdb.cli.status import BUG, exit_status
from cmdb.errors import CmdbError


def _finish(status: int | None, **_: object) -> None:
    """End with the status that the verb returned."""
    if status:
        raise typer.Exit(status)


app = typer.Typer(
    name="cmdb",
    result_callback=_finish,
    help="A configuration management database on a graph: what breaks if this fails, and why.",
    epilog="Start with: cmdb demo",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    server,
    scan,
    data,
    discover,
    analysis,
    weak_points,
    restoration,
    causes,
    risk,
    change,
    change_calendar,
    incident,
    problem,
    request,
    configuration,
    report,
    alerts,
    webhooks,
    history,
    runs,
    catalogue,
):
    module.register(app)


def _print_version(asked: bool) -> None:
    if asked:
        from cmdb import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    del version  # its callback has answered


def run_main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status. No traceback ever reaches the user, unless
    CMDB_DEBUG is set."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(given, prog_name="cmdb")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except CmdbError as error:
        show_error(error, as_json="--json" in given)
        return exit_status(error)
    except KeyboardInterrupt:
        note("Stopped.")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("CMDB_DEBUG"):
            raise
        note(
            f"Error: something went wrong inside cmdb ({type(error).__name__}: {error}). "
            "This is a bug. Run it again with CMDB_DEBUG=1 to see where."
        )
        return BUG
    return 0
