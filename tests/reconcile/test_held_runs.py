"""A complete run that sees much less than the ones before waits for a person."""

from __future__ import annotations

import pytest

from cmdb.errors import InvalidInput
from cmdb.ingest import Ingest, Loaded, new_run
from cmdb.items import ItemStatus
from cmdb.revisions import RunStatus
from cmdb.store.port import Store
from tests.reconcile.estate import RULES, at, everything, host, only, uses

LIMIT = 0.3


async def _run(store: Store, count: int, day: float, *, start: int = 0) -> Loaded:
    """A complete run that sees hosts of these numbers, each resting on the one before."""
    seen = [host(f"serial:S{n}", day=day, name=f"s{n}") for n in range(start, start + count)]
    links = [
        uses(f"serial:S{n}", f"serial:S{n - 1}", day=day) for n in range(start + 1, start + count)
    ]
    links.append(uses(f"serial:S{start + count - 1}", "serial:NOBODY", day=day))
    run = new_run("scan", full_scope=True, started=at(day))
    return await _ingest(store).load(seen, links, run, reason="test")


def _ingest(store: Store) -> Ingest:
    return Ingest(store, RULES, "tester", shrink_limit=LIMIT)


async def _missing(store: Store) -> int:
    items, _, _ = await everything(store)
    return sum(item.status == ItemStatus.MISSING for item in items)


async def test_a_run_that_sees_much_less_marks_nothing_as_missing(store: Store) -> None:
    await _run(store, 40, 0)
    shrunk = await _run(store, 20, 1)
    assert shrunk.run.status is RunStatus.HELD
    assert shrunk.run.held is not None
    assert (shrunk.run.held.gone, shrunk.run.held.known) == (20, 40)
    assert await _missing(store) == 0
    assert (await store.runs())[0] == shrunk.run


async def test_what_a_held_run_saw_is_in(store: Store) -> None:
    await _run(store, 40, 0)
    await _run(store, 20, 1)
    assert (await only(store, "serial:S0")).last_seen == at(1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (40, 28),  # 30 % of 40 are gone: the limit, and not more
        (12, 3),  # three quarters, and yet only nine
    ],
)
async def test_a_small_loss_is_marked_at_once(store: Store, before: int, after: int) -> None:
    await _run(store, before, 0)
    shrunk = await _run(store, after, 1)
    assert shrunk.run.status is RunStatus.COMPLETE
    assert await _missing(store) == before - after


async def test_what_was_missing_before_does_not_count_again(store: Store) -> None:
    await _run(store, 60, 0)
    for day, count in ((1, 48), (2, 36), (3, 26)):
        assert (await _run(store, count, day)).run.status is RunStatus.COMPLETE
    assert await _missing(store) == 34


async def test_an_accepted_run_marks_items_links_and_waiting_links(store: Store) -> None:
    await _run(store, 40, 0)
    held = (await _run(store, 20, 1)).run
    accepted = await _ingest(store).accept(held, "the hall was cleared")
    assert accepted.run.status is RunStatus.COMPLETE
    assert accepted.run.accepted_by == "tester"
    assert accepted.run.held is None
    assert accepted.run.counts["missing"] == 20
    _, links, waiting = await everything(store)
    assert await _missing(store) == 20
    assert sum(link.status == "missing" for link in links) == 20
    assert [w.report.from_key for w in waiting] == ["serial:S19"]
    assert {r.reason for r in await store.revisions(after=2)} >= {"the hall was cleared"}


async def test_a_run_is_accepted_once(store: Store) -> None:
    await _run(store, 40, 0)
    held = (await _run(store, 20, 1)).run
    done = await _ingest(store).accept(held, "")
    with pytest.raises(InvalidInput, match="is complete, and not held"):
        await _ingest(store).accept(done.run, "")


async def test_a_later_run_over_the_same_takes_the_place_of_a_held_one(store: Store) -> None:
    await _run(store, 40, 0)
    held = (await _run(store, 20, 1)).run
    await _run(store, 40, 2)
    with pytest.raises(InvalidInput, match="A later run of scan"):
        await _ingest(store).accept(held, "")
    assert await _missing(store) == 0


async def test_an_empty_answer_of_a_source_is_held_too(store: Store) -> None:
    await _run(store, 40, 0)
    run = new_run("scan", full_scope=True, started=at(1))
    nothing = await _ingest(store).load([], [], run, reason="test")
    assert nothing.run.status is RunStatus.HELD
    assert await _missing(store) == 0
