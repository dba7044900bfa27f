"""Touches: a source saw again what it had reported. Times go forward, and nothing else moves."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from cmdb.revisions import Action, Delta, LinkChange, Touch, WaitingChange
from cmdb.store.port import Store
from tests.store.checking import all_edits, everything
from tests.store.making import (
    COMMIT,
    DAY,
    NOW,
    created,
    item,
    link,
    link_report,
    report,
    stored,
    updated,
    waiting,
)


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


async def test_touches_of_several_reports_in_one_delta(store: Store) -> None:
    web = item("web", reports=[report("a"), report("b"), report("c")])
    await store.apply(created(web), COMMIT)
    times = (NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY)
    touches = [Touch("item", web.id, position, times[position]) for position in (2, 0)]
    await store.apply(Delta(touches=tuple(touches)), COMMIT)
    touches = [Touch("item", web.id, 1, times[1]), Touch("item", web.id, 2, NOW)]
    await store.apply(Delta(touches=tuple(touches)), COMMIT)
    found = (await store.items([web.id]))[web.id]
    assert tuple(entry.last_seen for entry in found.reports) == times


async def test_things_of_long_ago_can_be_touched(store: Store) -> None:
    long_ago = NOW.replace(year=1961)
    reports = [report(s, first_seen=long_ago, last_seen=long_ago) for s in ("a", "b")]
    web = item("web", reports=reports)
    await store.apply(created(web), COMMIT)
    await store.apply(Delta(touches=(Touch("item", web.id, 1, long_ago + DAY),)), COMMIT)
    found = (await store.items([web.id]))[web.id]
    assert [entry.last_seen for entry in found.reports] == [long_ago, long_ago + DAY]
