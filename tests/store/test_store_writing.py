"""Applying deltas: whole or not at all, in order, and never over somebody else's change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from cmdb.errors import WriteConflict
from cmdb.identity.owner import Owner
from cmdb.items import Item, ItemStatus, Link, WaitingLink
from cmdb.revisions import Action, Delta, Edit, ItemChange, LinkChange, Touch, WaitingChange
from cmdb.store.port import Store
from tests.store.making import (
    COMMIT,
    DAY,
    NOW,
    commit,
    created,
    item,
    link,
    link_report,
    report,
    stored,
    updated,
    waiting,
)


async def everything(store: Store) -> list[Item | Link | WaitingLink]:
    return sorted([entity async for entity in store.stream()], key=lambda entity: entity.id)


async def all_edits(store: Store) -> list[Edit]:
    return [edit async for edit in store.edits(0)]


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


# --- identifiers ----------------------------------------------------------------------------------


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


# --- touches --------------------------------------------------------------------------------------


async def test_touches_move_times_forward_only_and_make_no_revision(store: Store) -> None:
    web = item("web", reports=[report("a"), report("b")])
    db = item("db")
    rests = link(web, db, reports=(link_report(source="a"), link_report(source="b")))
    waits = waiting("fqdn:a", "fqdn:b")
    await store.apply(created(web, db, rests, waits), COMMIT)
    for later in (NOW + DAY, NOW + timedelta(hours=1), NOW - DAY):
        touches = (
            Touch("item", web.id, 1, later),
            Touch("link", rests.id, 0, later),
            Touch("waiting", waits.id, 0, later),
            Touch("item", "nobody", 0, later),
            Touch("link", "nonsense", 0, later),
        )
        assert await store.apply(Delta(touches=touches), COMMIT) is None
    found = (await store.items([web.id]))[web.id]
    assert [r.last_seen for r in found.reports] == [NOW, NOW + DAY]
    assert found.revision == 1
    assert [r.last_seen for r in (await store.links([web.id]))[0].reports] == [NOW + DAY, NOW]
    assert (await store.waiting())[0].report.last_seen == NOW + DAY
    assert await everything(store) == sorted(
        [found, stored(db, 1), (await store.links([web.id]))[0], (await store.waiting())[0]],
        key=lambda entity: entity.id,
    )
    assert (await store.info()).revision == 1
    assert len(await all_edits(store)) == 4


async def test_a_change_does_not_lose_touches_that_its_writer_never_saw(store: Store) -> None:
    web = item("web", reports=[report("a", ["serial:1"]), report("b", ["fqdn:w"])])
    db = item("db")
    rests = link(web, db, reports=(link_report("serial:1"), link_report("fqdn:w")))
    waits = waiting("fqdn:a", "fqdn:b")
    await store.apply(created(web, db, rests, waits), COMMIT)
    seen = NOW + DAY
    touches = (
        Touch("item", web.id, 1, seen),
        Touch("link", rests.id, 1, seen),
        Touch("waiting", waits.id, 0, seen),
    )
    await store.apply(Delta(touches=touches), COMMIT)
    first, second = web.reports
    change = Delta(
        items=(
            updated(stored(web, 1), name="web2", reports=(report("0", ["key:0/1"]), second, first)),
        ),
        links=(
            LinkChange(
                Action.UPDATED,
                stored(rests, 1),
                replace(stored(rests, 1), weight=2.0, reports=tuple(reversed(rests.reports))),
            ),
        ),
        waiting=(
            WaitingChange(Action.UPDATED, stored(waits, 1), replace(stored(waits, 1), reason="x")),
        ),
    )
    await store.apply(change, COMMIT)
    found = (await store.items([web.id]))[web.id]
    assert [(r.source, r.last_seen) for r in found.reports] == [("0", NOW), ("b", seen), ("a", NOW)]
    [joined] = await store.links([web.id])
    assert [(r.from_key, r.last_seen) for r in joined.reports] == [
        ("fqdn:w", seen),
        ("serial:1", NOW),
    ]
    assert (await store.waiting())[0].report.last_seen == seen


async def test_an_update_that_keeps_its_reports_keeps_their_touches(store: Store) -> None:
    web = item("web", reports=[report("a", ["serial:1"])])
    await store.apply(created(web), COMMIT)
    await store.apply(Delta(touches=(Touch("item", web.id, 0, NOW + DAY),)), COMMIT)
    await store.apply(Delta(items=(updated(stored(web, 1), name="other"),)), COMMIT)
    assert (await store.items([web.id]))[web.id].reports[0].last_seen == NOW + DAY


async def test_changes_and_touches_go_together(store: Store) -> None:
    web = item("web")
    await store.apply(created(web), COMMIT)
    both = created(item("db"), touches=(Touch("item", web.id, 0, NOW + DAY),))
    revision = await store.apply(both, COMMIT)
    assert revision is not None
    assert revision.edits == 1
    assert (await store.items([web.id]))[web.id].reports[0].last_seen == NOW + DAY
