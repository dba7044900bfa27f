"""Reading: links by their ends, waiting links by a key, counts, runs, and the revision log."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from msgspec.structs import replace

from cmdb.identity.owner import Owner
from cmdb.items import Item, ItemStatus
from cmdb.revisions import (
    Action,
    Delta,
    ItemChange,
    LinkChange,
    Run,
    RunStatus,
    Touch,
    WaitingChange,
)
from cmdb.store.port import SCHEMA_VERSION, Reported, Store
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


async def test_many_looked_up_at_once_are_each_found_once(store: Store) -> None:
    things = [item(f"t{n}", identifiers=[f"serial:{n}"]) for n in range(501)]
    links = [link(*pair) for pair in pairwise(things)]
    await store.apply(created(*things, *links), COMMIT)
    touch = Touch("link", links[-1].id, 0, NOW + DAY)
    await store.apply(Delta(touches=(touch,)), COMMIT)
    unknown = [f"nobody{n}" for n in range(600)]
    owners = await store.owners([*unknown, *(f"serial:{n}" for n in range(501))])
    assert owners == {f"serial:{n}": Owner(one.id, "live") for n, one in enumerate(things)}
    found = await store.items([*unknown, *(one.id for one in things)])
    assert found == {one.id: stored(one, 1) for one in things}
    nowhere = [link(things[0], one).id for one in things[2:]]
    joined = dict(await store.links_by_id([*nowhere, *(one.id for one in links)]))
    assert joined.pop(links[-1].id).reports[0].last_seen == NOW + DAY
    assert joined == {one.id: stored(one, 1) for one in links[:-1]}


async def test_an_empty_store_has_nothing(store: Store) -> None:
    info = await store.info()
    assert (info.revision, info.revision_time, info.items, info.links) == (0, None, {}, {})
    assert (info.schema_version, info.waiting) == (SCHEMA_VERSION, 0)
    assert await store.items(["x"]) == {}
    assert await store.items([]) == {}
    assert await store.owners([]) == {}
    assert await store.links([]) == []
    assert await store.links_by_id([]) == {}
    assert await store.waiting() == []
    assert await store.waiting([]) == []
    assert await store.revisions() == []
    assert await store.history("x") == []
    assert await store.revision_at(NOW) == 0
    assert await store.shared_identifiers() == []
    assert await store.runs() == []
    assert await store.reported("scan", "") == Reported(frozenset(), frozenset(), frozenset())
    assert [entity async for entity in store.stream()] == []
    assert [edit async for edit in store.edits(0)] == []


async def test_links_by_direction_relation_and_status(store: Store) -> None:
    a, b, c = item("a"), item("b"), item("c")
    ab, bc = link(a, b), link(b, c, "RUNS_ON")
    old = link(a, c, "USES", status="retired")
    loop = link(b, b, "CONNECTS_TO")
    await store.apply(created(a, b, c, ab, bc, old, loop), COMMIT)

    async def ids(*args: object, **kwargs: object) -> list[str]:
        return [found.id for found in await store.links(*args, **kwargs)]  # type: ignore[arg-type]

    assert await ids([b.id], "out") == sorted([bc.id, loop.id])
    assert await ids([b.id], "in") == sorted([ab.id, loop.id])
    assert await ids([b.id]) == sorted([ab.id, bc.id, loop.id])
    assert await ids([a.id, b.id, c.id, a.id]) == sorted([ab.id, bc.id, loop.id])
    assert await ids([b.id], relations=["RUNS_ON", "NO_SUCH"]) == [bc.id]
    assert await ids([b.id], relations=[]) == []
    assert await ids([a.id]) == [ab.id]
    assert await ids([a.id], include_retired=True) == sorted([ab.id, old.id])
    assert list(await store.links_by_id([old.id])) == [old.id]


async def test_waiting_links_by_either_key(store: Store) -> None:
    ab, bc, cd = waiting("k:a", "k:b"), waiting("k:b", "k:c"), waiting("k:c", "k:d")
    itself = waiting("k:e", "k:e")
    await store.apply(created(ab, bc, cd, itself), COMMIT)

    async def ids(*args: object, **kwargs: object) -> list[str]:
        return [found.id for found in await store.waiting(*args, **kwargs)]  # type: ignore[arg-type]

    every = sorted(w.id for w in (ab, bc, cd, itself))
    assert await ids() == every
    assert await ids(limit=2) == every[:2]
    assert await ids(["k:b"]) == sorted([ab.id, bc.id])
    assert await ids(["k:b", "k:c", "k:b", "k:x"]) == sorted([ab.id, bc.id, cd.id])
    assert await ids(["k:b", "k:c"], limit=1) == sorted([ab.id, bc.id, cd.id])[:1]
    assert await ids(["k:e"]) == [itself.id]
    assert (await store.info()).waiting == 4


async def test_many_identifiers_at_once(store: Store) -> None:
    keys = [f"serial:{number}" for number in range(12_000)]
    machines = [item(f"m{i}", identifiers=keys[i * 1000 : i * 1000 + 1000]) for i in range(12)]
    await store.apply(created(*machines), COMMIT)
    owners = await store.owners(keys)
    assert len(owners) == len(keys)
    assert {owner.item_id for owner in owners.values()} == {machine.id for machine in machines}


async def test_counts_leave_out_what_is_retired(store: Store) -> None:
    a, b = item("a"), item("b", "Hypervisor")
    gone = item("gone", status=ItemStatus.RETIRED)
    lost = item("lost", status=ItemStatus.MISSING)
    rests = link(a, b, "RUNS_ON")
    await store.apply(
        created(a, b, gone, lost, rests, link(a, gone, status="retired")), commit(NOW)
    )
    info = await store.info()
    assert (info.items, info.links) == ({"Server": 2, "Hypervisor": 1}, {"RUNS_ON": 1})
    assert (info.revision, info.revision_time) == (1, NOW)
    assert "devpassword" not in info.place
    assert info.engine.startswith(("SQLite 3", "Neo4j"))


async def test_runs_come_latest_first_and_are_replaced_by_id(store: Store) -> None:
    first = Run("r1", "scan", NOW, scope="dc1")
    second = Run("r2", "netbox", NOW + DAY)
    third = Run("r3", "scan", NOW + DAY)
    for run in (second, first, third):
        await store.save_run(run)
    assert await store.runs() == [third, second, first]
    assert await store.runs(limit=1) == [third]
    assert await store.runs(source="scan") == [third, first]
    done = replace(first, status=RunStatus.COMPLETE, ended=NOW + DAY, counts={"created": 3})
    await store.save_run(done)
    assert await store.runs(source="scan") == [third, done]


async def test_reported_is_by_source_and_scope_and_leaves_out_retired_reports(store: Store) -> None:
    mine = item("mine", reports=[report("scan", scope="dc1"), report("netbox")])
    both = item("both", reports=[report("scan", scope="dc1"), report("scan", scope="dc2")])
    gone = item("gone", reports=[report("scan", scope="dc1", retired=True)])
    like = item("like", reports=[report("scan", scope="dc"), report("sca", scope="ndc1")])
    links = [
        link(mine, both, reports=[link_report(scope="dc1")]),
        link(both, mine, reports=[link_report(scope="dc1", retired=True), link_report()]),
        link(mine, gone, reports=[link_report(source="netbox")]),
    ]
    waits = replace(waiting("k:a", "k:b"), report=link_report("k:a", "k:b", scope="dc1"))
    old = replace(
        waiting("k:a", "k:c"), report=link_report("k:a", "k:c", scope="dc1", retired=True)
    )
    await store.apply(created(mine, both, gone, like, *links, waits, old), COMMIT)
    assert await store.reported("scan", "dc1") == Reported(
        frozenset({mine.id, both.id}), frozenset({links[0].id}), frozenset({waits.id})
    )
    assert await store.reported("scan", "") == Reported(
        frozenset(), frozenset({links[1].id}), frozenset()
    )
    assert await store.reported("netbox", "") == Reported(
        frozenset({mine.id}), frozenset({links[2].id}), frozenset()
    )
    assert not (await store.reported("scan", "nowhere")).items
    retired = updated(stored(mine, 1), reports=(report("scan", scope="dc1", retired=True),))
    await store.apply(Delta(items=(retired,)), COMMIT)
    assert (await store.reported("scan", "dc1")).items == {both.id}


# --- the log --------------------------------------------------------------------------------------


async def test_revisions_by_number_and_order(store: Store) -> None:
    for number in range(1, 6):
        await store.apply(created(item(f"i{number}")), commit(NOW + number * DAY))

    async def numbers(*args: int, newest_first: bool = False) -> list[int]:
        found = await store.revisions(*args, newest_first=newest_first)
        return [revision.number for revision in found]

    assert await numbers() == [1, 2, 3, 4, 5]
    assert await numbers(2) == [3, 4, 5]
    assert await numbers(2, 2) == [3, 4]
    assert await numbers(1, 2, newest_first=True) == [5, 4]
    assert await numbers(5) == []


async def test_the_revision_at_a_time(store: Store) -> None:
    for number in (1, 2, 3):
        await store.apply(created(item(f"i{number}")), commit(NOW + number * DAY))
    moment = timedelta(microseconds=1)
    assert await store.revision_at(NOW) == 0
    assert await store.revision_at(NOW + DAY - moment) == 0
    assert await store.revision_at(NOW + DAY) == 1
    assert await store.revision_at(NOW + 2 * DAY + moment) == 2
    assert await store.revision_at(NOW + 99 * DAY) == 3


async def test_edits_come_in_the_order_of_their_revisions(store: Store) -> None:
    things = [item(f"i{number}") for number in range(30)]
    for start in range(0, 30, 10):
        await store.apply(created(*things[start : start + 10]), COMMIT)

    async def ids(after: int, upto: int | None = None) -> list[str]:
        return [edit.id async for edit in store.edits(after, upto)]

    every = [thing.id for thing in things]
    assert await ids(0) == every
    assert await ids(1) == every[10:]
    assert await ids(1, 2) == every[10:20]
    assert await ids(2, 2) == []
    assert await ids(3) == []
    assert [edit.revision async for edit in store.edits(0)] == [1] * 10 + [2] * 10 + [3] * 10


async def test_history_is_newest_first_and_paged_by_revision(store: Store) -> None:
    first = item("v1")
    await store.apply(created(first, item("other")), COMMIT)
    before = stored(first, 1)
    for number in range(2, 6):
        change = updated(before, name=f"v{number}")
        await store.apply(Delta(items=(change,)), COMMIT)
        before = stored(change.after, number, 1)

    async def names(limit: int = 100, before: int | None = None) -> list[str]:
        found = await store.history(first.id, limit, before)
        return [edit.after.name for _, edit in found if isinstance(edit.after, Item)]

    assert await names() == ["v5", "v4", "v3", "v2", "v1"]
    assert await names(2) == ["v5", "v4"]
    assert await names(2, 4) == ["v3", "v2"]
    assert await names(2, 1) == []


async def test_the_log_alone_tells_the_present(store: Store) -> None:
    a, b = item("a"), item("b")
    rests, waits = link(a, b), waiting("k:a", "k:b")
    await store.apply(created(a, b, rests, waits), COMMIT)
    await store.apply(
        Delta(
            items=(ItemChange(Action.UPDATED, stored(a, 1), replace(a, name="a2")),),
            links=(LinkChange(Action.REMOVED, stored(rests, 1), None),),
            waiting=(WaitingChange(Action.REMOVED, stored(waits, 1), None),),
        ),
        COMMIT,
    )
    told = {edit.id: edit.after async for edit in store.edits(0)}
    found = {entity.id: entity async for entity in store.stream()}
    assert {id_: after for id_, after in told.items() if after is not None} == found
