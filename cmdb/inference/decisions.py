"""What people decided of inferences: records, kept and revised like all others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from cmdb.errors import InvalidInput
from cmdb.inference.rules import Inference
from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.items.value import format_time
from cmdb.reconcile.policy import OPERATOR
from cmdb.records.actor import Actor
from cmdb.service import Cmdb
from cmdb.store.port import ItemQuery

KIND = "InferenceDecision"
_PAGE = 500
Decision = Literal["open", "confirmed", "refused"]
DECISIONS: tuple[Decision, ...] = ("open", "confirmed", "refused")


class Decided(msgspec.Struct, frozen=True):
    """A decision, by whom and why."""

    decision: Decision
    by: str
    reason: str


def checked_decision(text: str) -> Decision:
    """The decision of that name; raises :class:`~cmdb.errors.InvalidInput`."""
    for decision in DECISIONS:
        if decision == text:
            return decision
    raise InvalidInput(f"An inference is {', '.join(DECISIONS)}, not {text!r}.")


async def decisions(cmdb: Cmdb) -> dict[str, Decided]:
    """All decisions that are not open, by the key of the inference. Reads them a page at a time."""
    found: dict[str, Decided] = {}
    after: str | None = None
    while True:
        page = await cmdb.store.query(ItemQuery(kinds=(KIND,), limit=_PAGE, after=after))
        for item in page.items:
            values = item.properties
            decision = checked_decision(str(values.get("decision", "open")))
            if decision != "open":
                found[str(values.get("inference_key"))] = Decided(
                    decision, str(values.get("decided_by", "")), str(values.get("reason", ""))
                )
        if not page.has_next:
            return found
        after = page.cursors[-1]


async def write_decision(
    cmdb: Cmdb, inference: Inference, decision: Decision, actor: Actor, reason: str
) -> None:
    """Keep a decision, linked to the items that the inference is about."""
    now = datetime.now(UTC)
    key = f"key:{OPERATOR}/inference/{inference.key}"
    record = ItemObservation(
        KIND,
        (key,),
        OPERATOR,
        now,
        {
            "name": inference.key,
            "inference_key": inference.key,
            "decision": decision,
            "decided_by": actor.name,
            "decided_at": format_time(now),
            "inferred": inference.reason,
            "reason": reason,
        },
    )
    items = await cmdb.store.items(list(inference.items))
    about = [
        LinkObservation("RELATES_TO", key, item.identifiers[0], OPERATOR, now)
        for item in items.values()
        if item.identifiers
    ]
    run = new_run(OPERATOR, actor=actor.name)
    said = f"{inference.key} is {decision}{f': {reason}' if reason else ''}"
    await cmdb.load([record], about, run, reason=said, actor=actor.name)
