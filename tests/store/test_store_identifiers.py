"""Identifiers: one owner each, moved, given up, taken back, or shared and nobody's."""

from __future__ import annotations

from msgspec.structs import replace

from cmdb.identity.owner import Owner
from cmdb.items import ItemStatus
from cmdb.revisions import Action, Delta
from cmdb.store.port import Store
from tests.store.checking import check_refused
from tests.store.making import (
    COMMIT,
    created,
    item,
    stored,
    updated,
)


async def test_identifiers_belong_to_one_item(store: Store) -> None:
    web = item("web", identifiers=["serial:1", "fqdn:web"])
    await store.apply(created(web), COMMIT)
    assert await store.owners(["serial:1", "fqdn:web", "fqdn:other"]) == {
        "serial:1": Owner(web.id, "live"),
        "fqdn:web": Owner(web.id, "live"),
    }
    thief = item("thief", identifiers=["serial:2", "serial:1"])
    await check_refused(store, created(thief), f"serial:1 belongs to the item {web.id}")
    other = item("other")
    await store.apply(created(other), COMMIT)
    number = (await store.items([other.id]))[other.id].revision
    claim = updated(stored(other, number), identifiers=("serial:1",))
    await check_refused(store, Delta(items=(claim,)), "serial:1 belongs to")


async def test_two_items_of_a_delta_cannot_claim_one_identifier(store: Store) -> None:
    one, other = item("one", identifiers=["serial:1"]), item("other", identifiers=["serial:1"])
    await check_refused(store, created(one, other), "both claim serial:1")


async def test_an_identifier_moves_within_one_delta(store: Store) -> None:
    old, new = item("old", identifiers=["ip:a/1", "serial:1"]), item("new")
    await store.apply(created(old, new), COMMIT)
    moved = Delta(
        items=(
            updated(stored(new, 1), identifiers=("ip:a/1",)),
            updated(stored(old, 1), identifiers=("serial:1",), former_identifiers=("ip:a/1",)),
        )
    )
    await store.apply(moved, COMMIT)
    assert await store.owners(["ip:a/1", "serial:1"]) == {
        "ip:a/1": Owner(new.id, "live"),
        "serial:1": Owner(old.id, "live"),
    }


async def test_a_former_identifier_leads_there_until_it_is_claimed(store: Store) -> None:
    web = item("web", identifiers=["fqdn:old"])
    await store.apply(created(web), COMMIT)
    renamed = updated(stored(web, 1), identifiers=("fqdn:new",), former_identifiers=("fqdn:old",))
    await store.apply(Delta(items=(renamed,)), COMMIT)
    assert await store.owners(["fqdn:old", "fqdn:new"]) == {
        "fqdn:old": Owner(web.id, "former"),
        "fqdn:new": Owner(web.id, "live"),
    }
    other = item("other", identifiers=["fqdn:old"])
    await store.apply(created(other), COMMIT)
    assert await store.owners(["fqdn:old"]) == {"fqdn:old": Owner(other.id, "live")}
    # The first item still remembers it, and writing that again takes nothing back.
    again = updated(stored(renamed.after, 2, 1), name="web again")
    await store.apply(Delta(items=(again,)), COMMIT)
    assert await store.owners(["fqdn:old"]) == {"fqdn:old": Owner(other.id, "live")}


async def test_an_item_takes_its_own_former_identifier_back(store: Store) -> None:
    web = item("web", identifiers=["fqdn:a"])
    await store.apply(created(web), COMMIT)
    away = updated(stored(web, 1), identifiers=("fqdn:b",), former_identifiers=("fqdn:a",))
    await store.apply(Delta(items=(away,)), COMMIT)
    back = updated(
        stored(away.after, 2, 1), identifiers=("fqdn:a",), former_identifiers=("fqdn:b",)
    )
    await store.apply(Delta(items=(back,)), COMMIT)
    assert await store.owners(["fqdn:a", "fqdn:b"]) == {
        "fqdn:a": Owner(web.id, "live"),
        "fqdn:b": Owner(web.id, "former"),
    }


async def test_new_items_may_bring_former_identifiers(store: Store) -> None:
    owner = item("owner", identifiers=["fqdn:taken"])
    split = replace(item("split"), former_identifiers=("fqdn:taken", "fqdn:free"))
    await store.apply(created(split, owner), COMMIT)
    assert await store.owners(["fqdn:taken", "fqdn:free"]) == {
        "fqdn:taken": Owner(owner.id, "live"),
        "fqdn:free": Owner(split.id, "former"),
    }


async def test_a_dropped_identifier_is_free(store: Store) -> None:
    web = item("web", identifiers=["serial:1"])
    await store.apply(created(web), COMMIT)
    await store.apply(Delta(items=(updated(stored(web, 1), identifiers=()),)), COMMIT)
    assert await store.owners(["serial:1"]) == {}
    other = item("other", identifiers=["serial:1"])
    await store.apply(created(other), COMMIT)
    assert await store.owners(["serial:1"]) == {"serial:1": Owner(other.id, "live")}


async def test_a_shared_identifier_identifies_nobody(store: Store) -> None:
    web = item("web", identifiers=["machine-id:1", "serial:1"])
    await store.apply(created(web), COMMIT)
    given_up = updated(stored(web, 1), identifiers=("serial:1",))
    await store.apply(Delta(items=(given_up,), shared=("machine-id:1", "machine-id:0")), COMMIT)
    assert await store.owners(["machine-id:1", "machine-id:0", "serial:1"]) == {
        "machine-id:0": Owner(None, "shared"),
        "machine-id:1": Owner(None, "shared"),
        "serial:1": Owner(web.id, "live"),
    }
    assert await store.shared_identifiers() == ["machine-id:0", "machine-id:1"]
    late = item("late", identifiers=["machine-id:1"])
    await check_refused(store, created(late), "machine-id:1 can't be claimed")
    greedy = created(item("g", identifiers=["machine-id:2"]), shared=("machine-id:2",))
    await check_refused(store, greedy, "machine-id:2 can't be claimed")


async def test_declaring_identifiers_shared_is_a_revision_of_its_own(store: Store) -> None:
    revision = await store.apply(Delta(shared=("machine-id:1",)), COMMIT)
    assert revision is not None
    assert (revision.number, revision.edits, revision.shared) == (1, 0, ("machine-id:1",))
    assert (await store.revisions())[0] == revision


async def test_a_merge_moves_identifiers_and_leaves_a_record(store: Store) -> None:
    kept, gone = item("kept", identifiers=["serial:1"]), item("gone", identifiers=["fqdn:a"])
    await store.apply(created(kept, gone), COMMIT)
    merge = Delta(
        items=(
            updated(stored(kept, 1), Action.UPDATED, identifiers=("serial:1", "fqdn:a")),
            updated(
                stored(gone, 1),
                Action.MERGED,
                identifiers=(),
                reports=(),
                status=ItemStatus.RETIRED,
                merged_into=kept.id,
                merged_reports=(("scan", ("fqdn:a",)),),
            ),
        )
    )
    await store.apply(merge, COMMIT)
    assert await store.owners(["fqdn:a"]) == {"fqdn:a": Owner(kept.id, "live")}
    assert await store.items([gone.id]) == {gone.id: stored(merge.items[1].after, 2, 1)}
