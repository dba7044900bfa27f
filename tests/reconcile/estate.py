"""Shared by the tests of reconciliation: an in-memory store and short ways to say what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cmdb.catalogue import builtin
from cmdb.ingest import Ingest, Loaded, new_run
from cmdb.items import Item, ItemObservation, Link, LinkObservation, Value, WaitingLink
from cmdb.reconcile.items import Rules
from cmdb.reconcile.policy import Policy
from cmdb.revisions import RunStatus
from cmdb.store.port import Store

START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Rules(builtin(), Policy(touch_after=timedelta(0)))


def at(day: float) -> datetime:
    """``day`` days after the start."""
    return START + timedelta(days=day)


def host(
    *identifiers: str,
    source: str = "scan",
    day: float = 0,
    kind: str = "Server",
    scope: str = "",
    **values: Value | None,
) -> ItemObservation:
    """A host as ``source`` saw it."""
    return ItemObservation(kind, identifiers, source, at(day), dict(values), scope)


def uses(
    start: str, end: str, *, source: str = "scan", day: float = 0, scope: str = ""
) -> LinkObservation:
    """``start`` depends on ``end``."""
    return LinkObservation("DEPENDS_ON", start, end, source, at(day), scope=scope)


async def load(
    store: Store,
    seen: Sequence[ItemObservation] = (),
    links: Sequence[LinkObservation] = (),
    *,
    source: str = "scan",
    scope: str = "",
    full_scope: bool = False,
    day: float = 0,
    status: RunStatus = RunStatus.RUNNING,
    rules: Rules = RULES,
) -> Loaded:
    """One run over what was seen."""
    run = new_run(source, scope=scope, full_scope=full_scope, started=at(day), status=status)
    return await Ingest(store, rules, "tester").load(seen, links, run, reason="test")


async def everything(store: Store) -> tuple[list[Item], list[Link], list[WaitingLink]]:
    """All that the store holds."""
    entities = [entity async for entity in store.stream()]
    return (
        [e for e in entities if isinstance(e, Item)],
        [e for e in entities if isinstance(e, Link)],
        [e for e in entities if isinstance(e, WaitingLink)],
    )


async def only(store: Store, key: str) -> Item:
    """The item that owns an identifier."""
    owner = (await store.owners([key]))[key]
    assert owner.item_id is not None
    return (await store.items([owner.item_id]))[owner.item_id]


async def shape(store: Store) -> tuple[object, ...]:
    """The graph without ids and revision numbers: equal for equal graphs.

    Items that nothing identifies any more are left out: where an identifier was found shared before
    such an item came, it was never made.
    """
    items, links, waiting = await everything(store)
    names = {item.id: "+".join(item.identifiers) or repr(item.reports) for item in items}
    live = [i for i in items if i.identifiers]
    return (
        sorted(
            (
                names[i.id],
                i.kind,
                i.name,
                i.status.value,
                sorted(i.properties.items()).__repr__(),
                repr(i.reports),
            )
            for i in live
        ),
        sorted(
            (k.relation, *_ends(k, names), k.status, k.strength, repr(k.reports)) for k in links
        ),
        sorted((w.relation, repr(w.report)) for w in waiting),
        sorted(await store.shared_identifiers()),
    )


def _ends(link: Link, names: dict[str, str]) -> tuple[str, str]:
    """The two ends. Those of a relation that leads both ways are kept in the order of their ids."""
    ends = names[link.from_id], names[link.to_id]
    both_ways = RULES.catalogue.relations[link.relation].symmetric
    return (min(ends), max(ends)) if both_ways else ends
