"""Would the answer differ without its weak evidence? Held against rebuilding the whole estate."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import ItemStatus
from impact.analysis import analyse
from impact.answer import OtherState
from impact.blast_radius import answer
from impact.estate import Estate
from impact.weak_evidence import WeakPlaces
from impact.what_if import altered, without
from impact.without_weak import without_weak_evidence
from tests.impact.drawing import NOW, Drawing
from tests.impact.oracle import BruteForce
from tests.impact.random_estates import random_estate, random_failure

STATES = ("up", "at_risk", "degraded", "down")


def pool() -> Drawing:
    """A shop on two servers of which one is enough; the second is said to serve by hearsay."""
    drawing = Drawing().add("ServiceInstance", "shop").add("BusinessService", "sales")
    drawing.link("shop", "DEPENDS_ON", "a", gate="web")
    drawing.link("shop", "DEPENDS_ON", "b", gate="web", confidence=0.6)
    return drawing.link("shop", "CONTRIBUTES_TO", "sales")


def test_a_link_that_one_source_is_not_sure_of_is_weak_and_a_certain_one_is_not() -> None:
    (weak,) = pool().answer("a").weak_evidence
    assert (weak.id, weak.reasons) == ("DEPENDS_ON:shop:b", ("single_source",))
    assert weak.sentence.endswith("only scan says so, and not for certain.")


def test_a_doubtful_link_that_two_sources_report_is_not_weak() -> None:
    drawing = pool()
    link = drawing.links["DEPENDS_ON:shop:b"]
    again = msgspec.structs.replace(link.reports[0], source="flows")
    drawing.links[link.id] = msgspec.structs.replace(link, reports=(link.reports[0], again))
    assert drawing.answer("a").weak_evidence == ()


def test_it_says_what_would_be_worse_if_the_redundancy_were_not_there() -> None:
    found = answer(pool().fail("a"), second_run=True).without_weak_evidence
    assert found is not None
    assert (found.differs, found.worse, found.better, found.links_left_out) == (True, 2, 0, 1)
    assert found.changes == (
        OtherState("sales", "BusinessService", "sales", "at_risk", "down"),
        OtherState("shop", "ServiceInstance", "shop", "at_risk", "down"),
    )


def test_what_follows_from_a_doubtful_dependency_alone_would_be_better() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db", confidence=0.3)
    found = answer(drawing.fail("db"), second_run=True).without_weak_evidence
    assert found is not None
    assert found.changes == (OtherState("shop", "Server", "shop", "down", "up"),)
    assert (found.better, found.worse) == (1, 0)


def test_weak_evidence_that_changes_nothing_is_said_to() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db")
    drawing.link("shop", "RUNS_ON", "db", confidence=0.3)
    found = answer(drawing.fail("db"), second_run=True).without_weak_evidence
    assert found is not None
    assert (found.differs, found.changes, found.truncated) == (False, (), False)


def test_no_weak_evidence_no_second_answer() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db")
    assert answer(drawing.fail("db"), second_run=True).without_weak_evidence is None


def test_what_failed_stays_even_where_it_is_missing_itself() -> None:
    drawing = Drawing().add("Server", "db", status=ItemStatus.MISSING)
    drawing.link("shop", "DEPENDS_ON", "db")
    assert answer(drawing.fail("db"), second_run=True).without_weak_evidence is None


def test_the_list_is_cut_openly() -> None:
    drawing = Drawing()
    for number in range(9):
        drawing.link(f"s{number}", "DEPENDS_ON", "db", confidence=0.2)
    found = answer(drawing.fail("db"), limit=4, second_run=True).without_weak_evidence
    assert found is not None
    assert (len(found.changes), found.better, found.truncated) == (4, 9, True)


@pytest.mark.parametrize("seed", range(300))
def test_the_second_run_is_that_of_the_whole_estate_without_it(seed: int) -> None:
    random = Random(seed)
    drawn = random_estate(random)
    estate = drawn.build()
    failure = random_failure(random, estate)
    analysis = analyse(estate, failure)
    items = {item.id for item in estate.items if random.random() < 0.2} - failure.keys()
    links = {link.id for link in estate.links if random.random() < 0.3}
    kept = [i for i in drawn.items if i.id not in items]
    joined = [link for link in drawn.links if link.id not in links]
    expected = BruteForce(kept, joined, drawn.include_planned).states(
        {item: int(state) for item, state in failure.items()}
    )
    weak = WeakPlaces(
        [at for at, item in enumerate(estate.items) if item.id in items],
        [at for at, link in enumerate(estate.links) if link.id in links],
    )
    found = without_weak_evidence(analysis, weak)
    before = {estate.items[i].id: state for i, state in analysis.states.items()}
    differing = {
        i: (STATES[before.get(i, 0)], STATES[now])
        for i, now in expected.items()
        if before.get(i, 0) != now
    }
    if found is None:
        assert not items
        assert not links
        return
    assert {c.id: (c.before, c.after) for c in found.changes} == differing
    assert found.better + found.worse == len(differing)
    assert found.differs == bool(differing)


@pytest.mark.parametrize("seed", range(200))
def test_an_altered_estate_is_the_one_built_without_what_was_taken_out(seed: int) -> None:
    random = Random(seed)
    drawn = random_estate(random)
    estate = drawn.build()
    items = {item.id for item in estate.items if random.random() < 0.3}
    links = {link.id for link in estate.links if random.random() < 0.3}
    made = altered(estate, remove_items=items, remove_links=links)
    added = altered(
        made,
        add_items=[i for i in estate.items if i.id in items],
        add_links=[link for link in estate.links if link.id in links or not _whole(made, link.id)],
        include_planned=drawn.include_planned,
    )
    assert {i.id for i in made.items} == {i.id for i in estate.items} - items
    assert made.revision == estate.revision
    assert added.gates == estate.gates
    assert added.topology == estate.topology


def _whole(estate: Estate, link: str) -> bool:
    return any(known.id == link for known in estate.links)


def test_the_first_estate_stays_as_it_was() -> None:
    estate = pool().estate()
    items, links = estate.items, estate.links
    altered(estate, remove_items=["b"], remove_links=["DEPENDS_ON:shop:a"])
    assert (estate.items, estate.links) == (items, links)


def test_what_is_not_there_can_not_be_taken_out() -> None:
    estate = pool().estate()
    with pytest.raises(UnknownItem):
        altered(estate, remove_items=["nothing"])
    with pytest.raises(InvalidInput, match="no link DEPENDS_ON:a:b"):
        altered(estate, remove_links=["DEPENDS_ON:a:b"])


def test_only_what_lies_behind_the_failure_is_built_again() -> None:
    drawing = pool()
    for number in range(50):
        drawing.link(f"x{number}", "DEPENDS_ON", f"y{number}")
    assert len(without(drawing.fail("a"), (), ()).items) == 4


def test_the_time_and_revision_stay() -> None:
    made = altered(pool().estate(revision=12), remove_items=["b"])
    assert (made.revision, made.now) == (12, NOW)
