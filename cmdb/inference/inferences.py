"""Inferring: what follows now is written, what follows no longer is taken back at once."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.inference.decisions import Decided, Decision, decisions, write_decision
from cmdb.inference.rules import Inference, Rule, infer
from cmdb.inference.surroundings import SOURCE, Surroundings, read_surroundings
from cmdb.ingest import Ingest, Loaded, new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.reconcile.retire import taken_back
from cmdb.records.actor import Actor
from cmdb.revisions import Commit, Delta, Revision
from cmdb.service import Cmdb

REASON = "what follows from what sources report"


class InferenceItem(msgspec.Struct, frozen=True):
    """An item that an inference is about."""

    id: str
    kind: str
    name: str


class InferenceView(msgspec.Struct, frozen=True):
    """An inference as it is shown, with what a person decided of it, who and why."""

    key: str
    rule: Rule
    reason: str
    items: tuple[InferenceItem, ...]
    decision: Decision
    decided_by: str
    decided_because: str


class Inferred(msgspec.Struct, frozen=True):
    """What inferring did: how many inferences there are, those refused left out, how many links
    were taken back, and the revisions that it wrote."""

    inferences: int
    refused: int
    taken_back: int
    revisions: tuple[int, ...]


async def inferences(cmdb: Cmdb) -> list[InferenceView]:
    """All that follows from what sources report now, sorted by key. O(items + links)."""
    around = await read_surroundings(cmdb.store, cmdb.rules)
    decided = await decisions(cmdb)
    return [_view(one, around, decided) for one in infer(around, datetime.now(UTC))]


async def write_inferences(cmdb: Cmdb, actor: str | None = None) -> Inferred:
    """Write what follows and is not refused, and take back what no longer does. O(items + links).

    Nothing is written where nothing has changed.
    """
    now = datetime.now(UTC)
    around = await read_surroundings(cmdb.store, cmdb.rules)
    decided = await decisions(cmdb)
    found = infer(around, now)
    held = [one for one in found if _decision(one, decided) != "refused"]
    if not held and not around.inferred:
        return Inferred(0, len(found), 0, ())
    loaded = await _load(cmdb, held, decided, actor or cmdb.settings.actor, now)
    back = await _take_back(cmdb, around, loaded, actor or cmdb.settings.actor, now)
    revisions = [revision.number for revision in loaded.revisions]
    return Inferred(
        len(held), len(found) - len(held), back[0], tuple(sorted({*revisions, *back[1]}))
    )


async def decide(
    cmdb: Cmdb, key: str, decision: Decision, actor: Actor, reason: str = ""
) -> Inferred:
    """Confirm or refuse an inference, or leave it open again; what it adds follows at once.

    Raises :class:`~cmdb.errors.InvalidInput` where nothing of that key follows.
    """
    around = await read_surroundings(cmdb.store, cmdb.rules)
    by_key = {one.key: one for one in infer(around, datetime.now(UTC))}
    if key not in by_key:
        raise InvalidInput(
            f"Nothing is inferred by the key {key!r}{did_you_mean(nearest(key, by_key))} "
            "`cmdb infer --list` has all keys."
        )
    await write_decision(cmdb, by_key[key], decision, actor, reason)
    return await write_inferences(cmdb, actor.name)


async def _load(
    cmdb: Cmdb, held: list[Inference], decided: dict[str, Decided], actor: str, now: datetime
) -> Loaded:
    items: dict[str, ItemObservation] = {}
    links: dict[tuple[str, str, str], LinkObservation] = {}
    for one in held:
        said = decided.get(one.key)
        items.update((seen.identifiers[0], seen) for seen in one.observed)
        for link in one.linked:
            if said is not None:
                evidence = f"{link.evidence} Confirmed by {said.by}."
                link = msgspec.structs.replace(link, confidence=1.0, evidence=evidence)
            links.setdefault((link.relation, link.from_key, link.to_key), link)
    run = new_run(SOURCE, full_scope=True, actor=actor, started=now)
    ingest = Ingest(cmdb.store, cmdb.rules, actor)
    return await ingest.load(items.values(), links.values(), run, reason=REASON)


async def _take_back(
    cmdb: Cmdb, around: Surroundings, loaded: Loaded, actor: str, now: datetime
) -> tuple[int, list[int]]:
    """Take back at once the links of earlier inferences that were not inferred again: a source
    may see a thing again tomorrow, but of what does not follow there is nothing to wait for."""
    gone = await cmdb.store.links_by_id(around.inferred)
    unsaid = [
        link
        for link in gone.values()
        if any(
            report.source == SOURCE and not report.retired and report.missing_since is not None
            for report in link.reports
        )
    ]
    complete = {(SOURCE, link.from_id): {one.relation for one in unsaid} for link in unsaid}
    changes = taken_back(unsaid, complete, now, cmdb.rules)
    if not changes:
        return 0, []
    commit = Commit(actor, SOURCE, REASON, now, loaded.run.id)
    revision: Revision | None = await cmdb.store.apply(Delta(links=tuple(changes)), commit)
    return len(changes), [revision.number] if revision is not None else []


def _decision(one: Inference, decided: dict[str, Decided]) -> Decision:
    said = decided.get(one.key)
    return said.decision if said is not None else "open"


def _view(one: Inference, around: Surroundings, decided: dict[str, Decided]) -> InferenceView:
    said = decided.get(one.key, Decided("open", "", ""))
    items = tuple(
        InferenceItem(item.id, item.kind, item.name)
        for item in (around.items[item_id] for item_id in one.items)
    )
    return InferenceView(one.key, one.rule, one.reason, items, said.decision, said.by, said.reason)
