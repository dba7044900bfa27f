"""Verbs about webhooks out: webhooks test, dead-letters, redeliver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import plural, print_json, print_table, say
from cmdb.cli.records import group
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb
from cmdb.errors import InvalidInput, did_you_mean, nearest

if TYPE_CHECKING:
    from cmdb.service import Cmdb
    from cmdb.webhooks.outbox import Outbox, Waiting


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = group(app, "webhooks", "Who is told what happens here, and what nobody took.")
    verbs.command("test")(try_out)
    verbs.command("dead-letters")(dead_letters)
    verbs.command("redeliver")(redeliver)


def try_out(
    name: Annotated[str, typer.Argument(help="The endpoint's name in the file of webhooks.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send one message of the type `test` to an endpoint; 1 where it does not take it."""

    async def work(cmdb: Cmdb) -> str | None:
        import uuid
        from datetime import UTC, datetime

        import httpx

        from cmdb.items.value import format_time
        from cmdb.webhooks.endpoints import read_endpoints
        from cmdb.webhooks.messages import message
        from cmdb.webhooks.outbox import Waiting
        from cmdb.webhooks.sender import TIMEOUT, send

        if cmdb.settings.webhooks is None:
            raise InvalidInput("No webhooks are set: CMDB_WEBHOOKS names a TOML file of them.")
        endpoints = read_endpoints(cmdb.settings.webhooks, cmdb.catalogue)
        if name not in endpoints:
            hint = did_you_mean(nearest(name, endpoints))
            raise InvalidInput(f"There is no endpoint {name!r}{hint}")
        time = format_time(datetime.now(UTC))
        made = message(endpoints[name], "test", uuid.uuid4().hex, time, {"sentence": "It works."})
        async with httpx.AsyncClient(timeout=TIMEOUT) as http:
            return await send(http, endpoints[name], Waiting(made.id, name, made.body, 0, None))

    error = with_cmdb(store, work)
    if as_json:
        print_json({"endpoint": name, "delivered": error is None, "error": error})
    else:
        say(f"{name} took it." if error is None else f"{name} did not take it. {error}")
    return 0 if error is None else 1


def dead_letters(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """List the messages that were tried for about a day and not taken."""

    async def work(cmdb: Cmdb) -> list[Waiting]:
        with _outbox(cmdb) as outbox:
            return outbox.dead_letters()

    found = with_cmdb(store, work)
    if as_json:
        rows = [
            {"id": w.id, "endpoint": w.endpoint, "attempts": w.attempts, "error": w.error}
            for w in found
        ]
        print_json({"dead_letters": rows})
        return 0
    print_table(
        ("id", "endpoint", "attempts", "last error"),
        [(w.id, w.endpoint, w.attempts, w.error or "") for w in found],
    )
    say(plural(len(found), "dead letter"))
    return 0


def redeliver(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of dead letters; all unless told.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let dead letters be sent anew, with the ids that they had, by the running server."""

    async def work(cmdb: Cmdb) -> int:
        with _outbox(cmdb) as outbox:
            known = {letter.id for letter in outbox.dead_letters()}
            if unknown := sorted(set(ids or ()) - known):
                raise InvalidInput(f"There is no dead letter {unknown[0]!r}.")
            return outbox.redeliver(ids or None)

    count = with_cmdb(store, work)
    if as_json:
        print_json({"redelivered": count})
    else:
        say(f"{plural(count, 'dead letter')} will be sent anew.")
    return 0


@contextmanager
def _outbox(cmdb: Cmdb) -> Iterator[Outbox]:
    from contextlib import closing

    from cmdb.webhooks.outbox import Outbox, outbox_path

    path = outbox_path(cmdb.settings.state_folder, cmdb.settings.store)
    with closing(Outbox(path)) as opened:
        yield opened
