"""Whatever is written is read back the same, field by field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions import Action, Delta, ItemChange, LinkChange, Run, WaitingChange
from cmdb.store.port import Store
from tests.store import strategies
from tests.store.making import COMMIT, created, stored

shared_store = settings(
    max_examples=20,
    deadline=None,
    # Each example writes things with ids of their own, so the store need not be empty.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def same(found: Any, expected: Any) -> None:
    """Equal, and of the same types down to the last value: 1, 1.0 and true are three things."""
    assert found == expected
    assert typed(found) == typed(expected)


def typed(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return typed(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return {key: typed(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [typed(entry) for entry in value]
    return datetime if isinstance(value, datetime) else type(value), value


async def read(store: Store, thing: Item | Link | WaitingLink) -> Any:
    if isinstance(thing, Item):
        return (await store.items([thing.id]))[thing.id]
    if isinstance(thing, Link):
        return (await store.links_by_id([thing.id]))[thing.id]
    [found] = [w for w in await store.waiting([thing.report.from_key]) if w.id == thing.id]
    return found


@shared_store
@given(data=st.data())
async def test_items_links_and_waiting_links(store: Store, data: st.DataObject) -> None:
    start, end = data.draw(strategies.items()), data.draw(strategies.items())
    things: list[Item | Link | WaitingLink] = [
        start,
        end,
        data.draw(strategies.links(start, end)),
        data.draw(strategies.waiting_links),
    ]
    first = await store.apply(created(*things), COMMIT)
    assert first is not None
    for thing in things:
        same(await read(store, thing), stored(thing, first.number))
        [(revision, edit)] = await store.history(thing.id)
        assert revision == first
        same(edit.after, stored(thing, first.number))


@shared_store
@given(data=st.data())
async def test_every_field_can_change(store: Store, data: st.DataObject) -> None:
    start, end = data.draw(strategies.items()), data.draw(strategies.items())
    rests, waits = data.draw(strategies.links(start, end)), data.draw(strategies.waiting_links)
    first = await store.apply(created(start, end, rests, waits), COMMIT)
    assert first is not None
    next_start = replace(data.draw(strategies.items()), id=start.id)
    next_link = replace(
        data.draw(strategies.links(start, end)), id=rests.id, relation=rests.relation
    )
    next_waiting = replace(data.draw(strategies.waiting_links), id=waits.id)
    old = [stored(thing, first.number) for thing in (start, rests, waits)]
    second = await store.apply(
        Delta(
            items=(ItemChange(Action.UPDATED, old[0], next_start),),
            links=(LinkChange(Action.UPDATED, old[1], next_link),),
            waiting=(WaitingChange(Action.UPDATED, old[2], next_waiting),),
        ),
        COMMIT,
    )
    assert second is not None
    changed: tuple[Item | Link | WaitingLink, ...] = (next_start, next_link, next_waiting)
    for before, after in zip(old, changed, strict=True):
        same(await read(store, after), stored(after, second.number, first.number))
        [(_, edit), _] = await store.history(after.id)
        same(edit.before, before)


@shared_store
@given(run=strategies.runs)
async def test_runs(store: Store, run: Run) -> None:
    await store.save_run(run)
    assert run in await store.runs(limit=1000)
