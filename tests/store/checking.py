"""Reading back all of a store, and what every refused write must have left alone."""

from __future__ import annotations

import pytest

from cmdb.errors import WriteConflict
from cmdb.items import Item, Link, WaitingLink
from cmdb.revisions import Delta, Edit
from cmdb.store.port import Store
from tests.store.making import (
    COMMIT,
    created,
    item,
)


async def everything(store: Store) -> list[Item | Link | WaitingLink]:
    return sorted([entity async for entity in store.stream()], key=lambda entity: entity.id)


async def all_edits(store: Store) -> list[Edit]:
    return [edit async for edit in store.edits(0)]


async def check_refused(store: Store, delta: Delta, sentence: str) -> None:
    """The delta is refused, and leaves nothing: no entity, edit, identifier, revision or number."""
    before = await everything(store), await all_edits(store), await store.info()
    shared = await store.shared_identifiers()
    keys = {key for change in delta.items for key in change.after.identifiers}
    owners = await store.owners(keys)
    with pytest.raises(WriteConflict, match=sentence):
        await store.apply(delta, COMMIT)
    assert (await everything(store), await all_edits(store), await store.info()) == before
    assert await store.owners(keys) == owners
    assert await store.shared_identifiers() == shared
    revision = await store.apply(created(item("next")), COMMIT)
    assert revision is not None
    assert revision.number == before[2].revision + 1
