"""The verb that infers, and that confirms and refuses what was inferred: infer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.records import acting
from cmdb.cli.run import JsonOption, ReasonOption, StoreOption, with_cmdb
from cmdb.errors import InvalidInput

if TYPE_CHECKING:
    from cmdb.inference.decisions import Decision
    from cmdb.inference.inferences import InferenceView, Inferred
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verb of this module."""
    app.command("infer")(infer)


def infer(
    list_all: Annotated[
        bool, typer.Option("--list", help="List what follows, and write nothing.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="It is so.", metavar="KEY")
    ] = None,
    refuse: Annotated[
        str | None,
        typer.Option("--refuse", help="It is not so; this is remembered.", metavar="KEY"),
    ] = None,
    reopen: Annotated[
        str | None, typer.Option("--reopen", help="As if nobody had decided.", metavar="KEY")
    ] = None,
    reason: ReasonOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write what follows from what sources report: redundancy, standbys, application services.

    Example: cmdb infer --list
    """
    given: list[tuple[Decision, str]] = []
    for decision, key in (("confirmed", confirm), ("refused", refuse), ("open", reopen)):
        if key is not None:
            given.append((decision, key))  # type: ignore[arg-type]  # one of the three
    if len(given) + list_all > 1:
        raise InvalidInput("Give one of --list, --confirm, --refuse and --reopen.")
    if list_all:
        return _list(store, as_json)

    async def work(cmdb: Cmdb) -> Inferred:
        from cmdb.inference.inferences import decide, write_inferences

        if not given:
            return await write_inferences(cmdb)
        decision, key = given[0]
        return await decide(cmdb, key, decision, acting(cmdb), reason)

    done = with_cmdb(store, work)
    if as_json:
        print_json(done)
        return 0
    say(
        f"{plural(done.inferences, 'inference')} in force, {done.refused} refused; "
        f"{plural(done.taken_back, 'link')} taken back."
    )
    say(f"Written as revisions {_named(done.revisions)}." if done.revisions else "Nothing changed.")
    return 0


def _named(revisions: tuple[int, ...]) -> str:
    return ", ".join(map(str, revisions))


def _list(store: str | None, as_json: bool) -> int:
    async def work(cmdb: Cmdb) -> list[InferenceView]:
        from cmdb.inference.inferences import inferences

        return await inferences(cmdb)

    found = with_cmdb(store, work)
    if as_json:
        print_json({"inferences": found})
        return 0
    print_table(
        ("key", "decided", "reason"),
        [
            (
                one.key,
                f"{one.decision} by {one.decided_by}" if one.decided_by else one.decision,
                one.reason,
            )
            for one in found
        ],
    )
    say(plural(len(found), "inference"))
    return 0
