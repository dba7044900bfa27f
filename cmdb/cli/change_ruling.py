"""Verbs by which a change is ruled on: submit, approve, reject and waive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.change_work import became
from cmdb.cli.output import print_json, say
from cmdb.cli.records import ExpectedOption, RecordArgument, acting, record_data
from cmdb.cli.run import JsonOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.changes.view import ChangeView
    from cmdb.items import Item
    from cmdb.service import Cmdb

CommentOption = Annotated[str, typer.Option("--comment", help="Why.")]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="The authority you speak for: peer, owner, cab.", metavar="AUTHORITY"
    ),
]


def submit(
    change: RecordArgument,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Assess a change and ask for the approvals that its risk takes (1: it waits for some)."""

    async def work(cmdb: Cmdb) -> tuple[Item, ChangeView]:
        from cmdb.changes.changes import submit_change
        from cmdb.changes.show import show_change

        made = await submit_change(cmdb, change, acting(cmdb), expected)
        return made, await show_change(cmdb, made.id)

    return _ruled(store, work, as_json=as_json)


def assess_record(change: str, store: str | None, *, max_risk: float | None, as_json: bool) -> int:
    """Assess a recorded change again, and print what follows; 1 where it is held, or riskier than
    is allowed."""

    async def work(cmdb: Cmdb) -> tuple[Item, ChangeView]:
        from cmdb.changes.changes import assess_change
        from cmdb.changes.show import show_change

        made = await assess_change(cmdb, change, acting(cmdb))
        return made, await show_change(cmdb, made.id)

    return _ruled(store, work, as_json=as_json, max_risk=max_risk)


def _ruled(
    store: str | None,
    work: Callable[[Cmdb], Awaitable[tuple[Item, ChangeView]]],
    *,
    as_json: bool,
    max_risk: float | None = None,
) -> int:
    made, view = with_cmdb(store, work)
    if as_json:
        print_json(with_ruling(made, view))
    else:
        from cmdb.cli.change_print import print_change

        print_change(view)
    found = view.analysis
    too_risky = max_risk is not None and found is not None and found.risk_score > max_risk
    if too_risky and found is not None and not as_json:
        say(f"The risk {found.risk_score:g} is above the most that is allowed, {max_risk:g}.")
    return int(too_risky or is_held(view))


def is_held(view: ChangeView) -> bool:
    """Whether a change waits for somebody's word before it may be made."""
    if view.analysis is not None and view.analysis.ruling.is_after:
        return False
    given = {a.authority for a in view.approvals if a.state == "approved"}
    needed = {a.authority for a in view.approvals if a.state == "requested"}
    if view.analysis is not None:
        needed |= {*view.analysis.ruling.authorities}
    return bool(needed - given - {"policy"})


def with_ruling(made: Item, view: ChangeView) -> dict[str, Any]:
    """The change as JSON has it, with whether it is held and what the policy rules."""
    return {**record_data(made), "held": is_held(view), "ruling": _ruling(view)}


def _ruling(view: ChangeView) -> Any:
    return view.analysis.ruling if view.analysis is not None else None


def approve(
    change: RecordArgument,
    authority: AsOption = None,
    comment: CommentOption = "",
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Agree to a change. Never those who asked for it, opened it or make it.

    Example: cmdb change approve CHG0000001 --as owner --comment "Fine on Sunday."
    """
    return _decide(store, change, True, authority, comment, expected, as_json=as_json)


def reject(
    change: RecordArgument,
    comment: CommentOption,
    authority: AsOption = None,
    expected: ExpectedOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Do not agree to a change; it goes back to new."""
    return _decide(store, change, False, authority, comment, expected, as_json=as_json)


def _decide(
    store: str | None,
    change: str,
    is_yes: bool,
    authority: str | None,
    comment: str,
    expected: int | None,
    *,
    as_json: bool,
) -> int:
    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import decide_change

        return await decide_change(
            cmdb,
            change,
            acting(cmdb),
            approve=is_yes,
            authority=authority,
            comment=comment,
            expected=expected,
        )

    return became(store, work, as_json=as_json)


def waive(
    change: RecordArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why a freeze does not hold for it.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Let a change be made in a freeze, or in spite of what is in its way."""

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.changes.changes import waive_change

        return await waive_change(cmdb, change, acting(cmdb), reason)

    return became(store, work, as_json=as_json)
