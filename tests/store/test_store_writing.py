"""Applying deltas: whole or not at all, in order, and never over somebody else's change."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from cmdb.revisions import Action, Delta, ItemChange, LinkChange, Touch, WaitingChange
from cmdb.store.port import Store
from tests.store.checking import check_refused
from tests.store.making import (
    COMMIT,
    DAY,
    NOW,
    commit,
    created,
    item,
    link,
    stored,
    updated,
    waiting,
)


async def test_a_revision_says_who_wrote_what_and_why(store: Store) -> None:
    web, db = item("web"), item("db")
    revision = await store.apply(
        created(web, db, link(web, db), shared=("machine-id:1",)),
        commit(actor="ada", source="scan", reason="nightly", run="run-1"),
    )
    assert revision is not None
    assert (revision.number, revision.time, revision.edits) == (1, NOW, 3)
    assert (revision.actor, revision.source, revision.reason) == ("ada", "scan", "nightly")
    assert (revision.run, revision.shared) == ("run-1", ("machine-id:1",))
    assert await store.revisions() == [revision]


async def test_what_was_written_is_read_back_with_its_revision(store: Store) -> None:
    web, db = item("web"), item("db")
    rests, waits = link(web, db), waiting("fqdn:a", "fqdn:b")
    await store.apply(created(web, db, rests, waits), COMMIT)
    assert await store.items([web.id, db.id, "nobody"]) == {
        web.id: stored(web, 1),
        db.id: stored(db, 1),
    }
    assert await store.links_by_id([rests.id, "DEPENDS_ON:x:y", "nonsense"]) == {
        rests.id: stored(rests, 1)
    }
    assert await store.waiting() == [stored(waits, 1)]


async def test_updates_keep_the_first_revision_and_log_both_states(store: Store) -> None:
    web = item("web", identifiers=["serial:1"])
    await store.apply(created(web), COMMIT)
    before = stored(web, 1)
    change = updated(before, name="web-new", properties={"name": "web-new"})
    await store.apply(Delta(items=(change,)), COMMIT)
    after = stored(change.after, 2, 1)
    assert await store.items([web.id]) == {web.id: after}
    history = await store.history(web.id)
    assert [
        (revision.number, edit.action, edit.before, edit.after) for revision, edit in history
    ] == [
        (2, Action.UPDATED, before, after),
        (1, Action.CREATED, None, before),
    ]
    assert history[0][1].reason == "it changed"


async def test_links_change_and_go(store: Store) -> None:
    web, db = item("web"), item("db")
    first = link(web, db, evidence="ss")
    await store.apply(created(web, db, first), COMMIT)
    before = stored(first, 1)
    after = replace(before, strength="soft", evidence=None, confidence=0.5)
    await store.apply(Delta(links=(LinkChange(Action.UPDATED, before, after),)), COMMIT)
    assert await store.links([web.id]) == [stored(after, 2, 1)]
    gone = LinkChange(Action.REMOVED, stored(after, 2, 1), None, "its ends are one")
    await store.apply(Delta(links=(gone,)), COMMIT)
    assert await store.links([web.id], include_retired=True) == []
    assert await store.links_by_id([first.id]) == {}
    [(_, edit), *_] = await store.history(first.id)
    assert (edit.action, edit.before, edit.after) == (Action.REMOVED, stored(after, 2, 1), None)


async def test_a_link_that_went_can_come_back(store: Store) -> None:
    web, db = item("web"), item("db")
    rests = link(web, db)
    await store.apply(created(web, db, rests), COMMIT)
    gone = LinkChange(Action.REMOVED, stored(rests, 1), None)
    await store.apply(Delta(links=(gone,)), COMMIT)
    await store.apply(created(rests), COMMIT)
    assert await store.links_by_id([rests.id]) == {rests.id: stored(rests, 3)}


async def test_waiting_links_change_and_join(store: Store) -> None:
    first = waiting("fqdn:a", "fqdn:b")
    await store.apply(created(first), COMMIT)
    before = stored(first, 1)
    after = replace(before, reason="its other end is missing")
    await store.apply(Delta(waiting=(WaitingChange(Action.UPDATED, before, after),)), COMMIT)
    assert await store.waiting() == [stored(after, 2, 1)]
    joined = WaitingChange(Action.REMOVED, stored(after, 2, 1), None)
    await store.apply(Delta(waiting=(joined,)), COMMIT)
    assert await store.waiting() == []
    assert [edit.action for _, edit in await store.history(first.id)] == [
        Action.REMOVED,
        Action.UPDATED,
        Action.CREATED,
    ]


async def test_a_changed_kind_is_found_under_the_new_one(store: Store) -> None:
    machine = item("m", "Server")
    await store.apply(created(machine), COMMIT)
    change = updated(stored(machine, 1), kind="VirtualMachine")
    await store.apply(Delta(items=(change,)), COMMIT)
    assert (await store.info()).items == {"VirtualMachine": 1}
    assert (await store.search("virtualmachine")).total == 1
    assert (await store.search("server")).total == 0


async def test_nothing_to_change_makes_no_revision(store: Store) -> None:
    assert await store.apply(Delta(), COMMIT) is None
    assert (await store.info()).revision == 0


async def test_numbers_have_no_gaps_and_times_never_run_backwards(store: Store) -> None:
    times = [NOW, NOW + DAY, NOW - DAY, NOW + timedelta(microseconds=1), NOW + 2 * DAY]
    for number, time in enumerate(times):
        await store.apply(created(item(f"i{number}")), commit(time))
    revisions = await store.revisions()
    assert [revision.number for revision in revisions] == [1, 2, 3, 4, 5]
    assert [revision.time for revision in revisions] == [
        NOW,
        NOW + DAY,
        NOW + DAY,
        NOW + DAY,
        NOW + 2 * DAY,
    ]


# --- conflicts ------------------------------------------------------------------------------------


async def test_a_delta_that_fails_midway_writes_nothing(store: Store) -> None:
    a, b = item("a", identifiers=["serial:a"]), item("b")
    await store.apply(created(a, b, link(a, b)), COMMIT)
    new = item("c", identifiers=["serial:c"])
    delta = Delta(
        items=(ItemChange(Action.CREATED, None, new), updated(stored(b, 1), name="b2")),
        links=(
            LinkChange(Action.CREATED, None, link(new, a)),
            LinkChange(Action.CREATED, None, link(a, b)),
        ),
        waiting=(WaitingChange(Action.CREATED, None, waiting("fqdn:x", "fqdn:y")),),
        shared=("machine-id:1",),
        touches=(Touch("item", a.id, 0, NOW + DAY),),
    )
    await check_refused(store, delta, "there already")


async def test_an_item_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    web = item("web")
    await store.apply(created(web), COMMIT)
    await store.apply(Delta(items=(updated(stored(web, 1), name="mine"),)), COMMIT)
    stale = Delta(items=(updated(stored(web, 1), name="yours"),))
    await check_refused(store, stale, f"changed the item {web.id}")


async def test_a_link_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    web, db = item("web"), item("db")
    first = link(web, db)
    await store.apply(created(web, db, first), COMMIT)
    mine = replace(stored(first, 1), strength="soft")
    await store.apply(Delta(links=(LinkChange(Action.UPDATED, stored(first, 1), mine),)), COMMIT)
    for after in (stored(first, 1), None):
        change = LinkChange(Action.UPDATED, stored(first, 1), after)
        await check_refused(store, Delta(links=(change,)), "changed the link")


async def test_a_waiting_link_that_joined_meanwhile_is_not_written_again(store: Store) -> None:
    first = waiting("fqdn:a", "fqdn:b")
    await store.apply(created(first), COMMIT)
    joined = WaitingChange(Action.REMOVED, stored(first, 1), None)
    await store.apply(Delta(waiting=(joined,)), COMMIT)
    await check_refused(store, Delta(waiting=(joined,)), "changed the waiting link")


async def test_what_is_there_already_is_not_created_again(store: Store) -> None:
    web, db = item("web"), item("db")
    await store.apply(created(web, db, link(web, db), waiting("fqdn:a", "fqdn:b")), COMMIT)
    for again in (web, link(web, db), waiting("fqdn:a", "fqdn:b")):
        await check_refused(store, created(again), "there already")


async def test_a_link_needs_both_ends(store: Store) -> None:
    web, nobody = item("web"), item("nobody")
    await store.apply(created(web), COMMIT)
    await check_refused(store, created(link(web, nobody)), "end that is not stored")
    await check_refused(store, created(link(nobody, web)), "end that is not stored")


async def test_one_delta_does_not_create_a_link_twice(store: Store) -> None:
    web, db = item("web"), item("db")
    await check_refused(store, created(web, db, link(web, db), link(web, db)), "there already")
