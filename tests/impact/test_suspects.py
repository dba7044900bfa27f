"""Suspects: edits upstream, the latest, nearest and gravest first."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import ItemStatus
from impact.edits import Edit, worth
from impact.estate import Estate
from impact.propagate import propagate
from impact.states import State
from impact.suspects import Suspects, find_suspects
from tests.impact.drawing import NOW, Drawing
from tests.impact.random_estates import random_estate

HOUR = timedelta(hours=1)


def edit(
    *items: str,
    ago: float = 1,
    kind: str = "updated",
    together: int = 1,
    summary: str = "changed",
    revision: int = 3,
) -> Edit:
    when = NOW - ago * HOUR
    return Edit(items, when, kind, summary, revision, "ops", len(items) > 1, together)


def chain() -> Estate:
    """app on vm on host, and a stranger; the host had another guest that is retired."""
    return (
        Drawing()
        .add("Server", "stranger")
        .add("VirtualMachine", "gone", status=ItemStatus.RETIRED)
        .link("app", "RUNS_ON", "vm")
        .link("vm", "HOSTED_ON", "host")
        .estate()
    )


def suspects(*edits: Edit, since: datetime = NOW - 24 * HOUR, limit: int | None = None) -> Suspects:
    return find_suspects(chain(), ["app"], edits, since=since, until=NOW, limit=limit)


def blamed(found: Suspects) -> list[str]:
    return ["+".join(i.id for i in s.items) for s in found.suspects]


def test_the_nearer_the_later_and_the_graver_come_first() -> None:
    assert blamed(suspects(edit("host"), edit("vm"), edit("app"))) == ["app", "vm", "host"]
    assert blamed(suspects(edit("vm", ago=9), edit("host", ago=1))) == ["host", "vm"]
    created, changed = edit("vm", kind="created"), edit("host", kind="retired")
    assert blamed(suspects(created, changed)) == ["host", "vm"]
    assert blamed(suspects(edit("vm", together=1000), edit("host"))) == ["host", "vm"]


def test_a_suspect_says_why() -> None:
    found = suspects(edit("host", ago=6, summary="memory changed", together=10))
    (row,) = found.suspects
    assert (row.distance, row.summary, row.actor, row.revision) == (2, "memory changed", "ops", 3)
    assert [(e.factor, e.value, e.sentence) for e in row.evidence] == [
        ("time", 0.5, "It was 6 hours before."),
        ("distance", 0.64, "It is 2 steps above an affected item."),
        ("kind", 0.5, "An item was updated, one of 10 edits in that revision."),
    ]
    assert row.score == 0.16
    assert (found.total, found.upstream, found.truncated) == (1, 3, False)


def test_a_link_counts_at_its_nearer_end_even_if_the_other_is_gone() -> None:
    found = suspects(edit("vm", "gone", kind="removed"), edit("vm", "elsewhere"))
    assert [s.distance for s in found.suspects] == [1, 1]
    assert {i.name for s in found.suspects for i in s.items} == {"vm", "gone", "elsewhere"}


def test_what_is_outside_the_time_or_of_nothing_upstream_is_passed_over() -> None:
    outside = [edit("app", ago=25), edit("app", ago=-1), edit("stranger"), edit("gone")]
    assert suspects(*outside).suspects == ()
    assert blamed(suspects(edit("app", ago=24), edit("app", ago=0))) == ["app", "app"]


def test_ties_go_to_the_later_revision_and_then_by_id() -> None:
    rows = [edit("vm", "a"), edit("vm", "b"), edit("vm", "b", revision=5)]
    assert blamed(suspects(*rows)) == blamed(suspects(*rows[::-1])) == ["vm+b", "vm+a", "vm+b"]


def test_a_cut_list_and_edits_left_out_are_said() -> None:
    cut = suspects(edit("app"), edit("vm"), limit=1)
    assert (len(cut.suspects), cut.total, cut.truncated) == (1, 2, True)
    found = find_suspects(chain(), ["app"], [], since=NOW - HOUR, until=NOW, left_out=7, limit=None)
    assert (found.left_out, found.truncated) == (7, True)


@given(st.integers(0, 2**32))
@example(39520084)
def test_no_edit_of_what_can_take_an_item_along_is_passed_over(seed: int) -> None:
    random = Random(seed)
    estate = random_estate(random).build()
    if not estate.items:
        return
    affected = random.randrange(len(estate.items))
    causes = {
        item.id
        for at, item in enumerate(estate.items)
        if affected in propagate(estate, {at: State.DOWN})
    }
    found = find_suspects(
        estate,
        [estate.items[affected].id],
        [edit(item.id) for item in estate.items],
        since=NOW - 24 * HOUR,
        until=NOW,
        limit=None,
    )
    assert causes <= set(blamed(found))
    assert len(found.suspects) == found.upstream


def test_every_kind_of_edit_has_a_worth() -> None:
    kinds = ("created", "updated", "merged", "split", "missing", "returned", "retired", "removed")
    assert all(0 < worth(edit("app", kind=kind)) <= 1 for kind in kinds)
    assert worth(edit("a", "b", kind="created")) > worth(edit("a", kind="created"))


def test_wrong_questions_are_refused() -> None:
    with pytest.raises(InvalidInput, match="must end after it starts"):
        suspects(since=NOW)
    with pytest.raises(InvalidInput, match="at least one item"):
        find_suspects(chain(), [], [], since=NOW - HOUR, until=NOW)
    with pytest.raises(InvalidInput, match="limit"):
        suspects(limit=-1)
    with pytest.raises(UnknownItem):
        find_suspects(chain(), ["nobody"], [], since=NOW - HOUR, until=NOW)
    with pytest.raises(InvalidInput, match="retired"):
        find_suspects(chain(), ["gone"], [], since=NOW - HOUR, until=NOW)
