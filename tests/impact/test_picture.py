"""Pictures of a blast radius: few boxes, all that is affected in exactly one."""

from __future__ import annotations

from random import Random

import pytest

from cmdb.errors import InvalidInput
from impact.analysis import Analysis, analyse
from impact.picture import (
    FEWEST_BOXES,
    MOST_BOXES,
    OPENED_FIRST,
    OPENED_WHOLE,
    SERVICES_APART,
    Box,
    Picture,
    picture,
)
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate, random_failure


def boxes_by_label(drawn: Picture) -> dict[str, Box]:
    return {box.label: box for box in drawn.boxes}


def members(drawn: Picture) -> list[str]:
    return sorted(member for box in drawn.boxes for member in box.members)


def shop(servers: int) -> Analysis:
    """A hypervisor with many machines, of which each second serves one of two services."""
    drawing = Drawing().add("Hypervisor", "hv")
    drawing.add("ServiceInstance", "shop", "mail")
    for number in range(servers):
        name = f"vm{number:03}"
        drawing.add("VirtualMachine", name).link(name, "HOSTED_ON", "hv")
        drawing.link(("shop", "mail")[number % 2], "RUNS_ON", name)
    return analyse(drawing.estate(), ["hv"])


def test_a_small_picture_collapses_nothing() -> None:
    drawn = picture(shop(6))
    assert [box.label for box in drawn.boxes] == [
        "hv",
        *(f"vm00{n}" for n in range(6)),
        "mail",
        "shop",
    ]
    assert {box.count for box in drawn.boxes} == {1}
    hypervisor = drawn.boxes[0]
    assert (hypervisor.cause, hypervisor.distance, hypervisor.state) == (True, 0, "down")
    edges = {(e.from_id, e.to_id, e.relation, e.count) for e in drawn.edges}
    assert ("hv", "vm000", "HOSTED_ON", 1) in edges
    assert ("vm000", "shop", "RUNS_ON", 1) in edges
    assert len(edges) == 12


def test_twins_become_a_stack_and_their_links_one_edge() -> None:
    drawn = picture(shop(100))
    found = [box for box in drawn.boxes if box.count > 1]
    assert {(box.label, box.kind, box.state) for box in found} >= {
        ("50 VirtualMachine", "VirtualMachine", "down")
    }
    to_shop = [e for e in drawn.edges if e.to_id == "shop" and e.relation == "RUNS_ON"]
    assert sum(edge.count for edge in to_shop) == 50
    assert len(drawn.boxes) <= MOST_BOXES + 1


def test_the_healthy_members_of_a_gate_that_was_hit_are_shown() -> None:
    drawing = Drawing().add("Cluster", "pool", min_up="2").add("ServiceInstance", "shop")
    drawing.link("a", "MEMBER_OF", "pool").link("b", "MEMBER_OF", "pool")
    drawing.link("c", "MEMBER_OF", "pool").link("shop", "DEPENDS_ON", "pool").link("x", "USES", "a")
    drawn = boxes_by_label(picture(analyse(drawing.estate(), ["a"])))
    assert drawn["b"].state == drawn["c"].state == "up"
    assert drawn["b"].distance is None
    assert drawn["pool"].state == "at_risk"
    assert "x" not in drawn


def test_what_failed_is_never_collapsed() -> None:
    drawing = Drawing()
    for number in range(200):
        drawing.link(f"app{number:03}", "RUNS_ON", f"host{number % 100:03}")
    failed = [f"host{n:03}" for n in range(100)]
    drawn = picture(analyse(drawing.estate(), failed))
    causes = [box for box in drawn.boxes if box.cause]
    assert [box.label for box in causes] == failed
    assert len(drawn.boxes) - len(causes) <= MOST_BOXES


def test_business_services_are_collapsed_last_and_the_first_stay_apart() -> None:
    drawing = Drawing()
    for number in range(80):
        drawing.add("BusinessService", f"service{number:02}").add("Database", f"db{number:02}")
        drawing.link(f"db{number:02}", "HOSTED_ON", "host")
        drawing.link(f"service{number:02}", "DEPENDS_ON", f"db{number:02}")
    drawn = boxes_by_label(picture(analyse(drawing.estate(), ["host"])))
    apart = [label for label in drawn if label.startswith("service")]
    assert apart == [f"service{n:02}" for n in range(SERVICES_APART)]
    assert drawn["70 BusinessService"].count == 70
    assert drawn["80 Database"].count == 80


def test_an_opened_stack_is_split_alone() -> None:
    analysis = shop(40 + 2 * OPENED_WHOLE)
    before = picture(analysis)
    stack = next(box for box in before.boxes if box.count > OPENED_WHOLE)
    after = picture(analysis, opened=[stack.id])
    rest = {box.id: box for box in after.boxes}
    assert {b.id for b in before.boxes} - rest.keys() == {stack.id}
    assert all(rest[b.id] == b for b in before.boxes if b.id != stack.id)
    new = [box for box in after.boxes if box.id not in {b.id for b in before.boxes}]
    assert sorted(box.count for box in new) == [1] * OPENED_FIRST + [stack.count - OPENED_FIRST]
    assert sorted(m for box in new for m in box.members) == sorted(stack.members)


def test_what_is_left_of_an_opened_stack_can_be_opened() -> None:
    analysis = shop(100)
    opened: list[str] = []
    while stacks := [box.id for box in picture(analysis, opened=opened).boxes if box.count > 1]:
        opened += stacks
    drawn = picture(analysis, opened=opened)
    assert {box.count for box in drawn.boxes} == {1}
    assert members(drawn) == members(picture(analysis))


def test_a_small_stack_opens_whole_and_unknown_ids_are_passed_over() -> None:
    drawing = Drawing().add("Hypervisor", "hv")
    for number in range(100):
        drawing.add("VirtualMachine", f"vm{number:02}").link(f"vm{number:02}", "HOSTED_ON", "hv")
        drawing.add("Database", f"db{number // 10}").link(
            f"db{number // 10}", "RUNS_ON", f"vm{number:02}"
        )
    analysis = analyse(drawing.estate(), ["hv"])
    before = picture(analysis)
    stack = next(box for box in before.boxes if 1 < box.count <= OPENED_WHOLE)
    after = picture(analysis, opened=["stack:nothing", "hv", stack.id])
    assert len(after.boxes) == len(before.boxes) - 1 + stack.count


def test_nothing_failed_is_an_empty_picture() -> None:
    assert picture(analyse(Drawing().add("Server", "a").estate(), [])) == Picture((), ())


def test_a_picture_needs_room() -> None:
    with pytest.raises(InvalidInput, match="40 boxes"):
        picture(shop(1), most=FEWEST_BOXES - 1)


def varied(random: Random, size: int) -> Analysis:
    """An estate of every kind with many links, and something that fails."""
    drawing = Drawing()
    kinds = "Server NetworkDevice Database Cluster ServiceInstance BusinessService Location Team"
    names = [f"i{number:04}" for number in range(size)]
    for name in names:
        drawing.add(random.choice(kinds.split()), name)
    for at, name in enumerate(names[1:], 1):
        for _ in range(random.randint(0, 3)):
            relation = random.choice(("DEPENDS_ON", "RUNS_ON", "HOSTED_ON", "POWERED_BY"))
            provider = names[random.randrange(at)]
            drawing.link(name, relation, provider, soft=random.random() < 0.3)
    return analyse(drawing.estate(), random.sample(names[: size // 4], 2))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("most", [FEWEST_BOXES, MOST_BOXES])
def test_every_affected_item_is_in_one_box_and_boxes_are_few(seed: int, most: int) -> None:
    analysis = varied(Random(seed), 600)
    drawn = picture(analysis, most=most)
    check(analysis, drawn)
    assert sum(not box.cause for box in drawn.boxes) <= most


@pytest.mark.parametrize("seed", range(200))
def test_pictures_of_odd_estates_hold_together(seed: int) -> None:
    random = Random(seed)
    estate = random_estate(random, 30).build()
    analysis = analyse(estate, random_failure(random, estate))
    check(analysis, picture(analysis))


def check(analysis: Analysis, drawn: Picture) -> None:
    """What holds of every picture."""
    items = analysis.estate.items
    shown = members(drawn)
    assert len(shown) == len(set(shown))
    assert {items[i].id for i in analysis.states} <= set(shown)
    assert len({box.id for box in drawn.boxes}) == len(drawn.boxes)
    for box in drawn.boxes:
        states = {analysis.state(analysis.estate.index[m]) for m in box.members}
        assert states == {State[box.state.upper()]}
        assert box.count == len(box.members)
    ids = {box.id for box in drawn.boxes}
    assert {end for e in drawn.edges for end in (e.from_id, e.to_id)} <= ids
    assert all(edge.from_id != edge.to_id for edge in drawn.edges)
    reached = {e.to_id for e in drawn.edges}
    for box in drawn.boxes:
        if box.count == 1 and box.state != "up" and not box.cause:
            assert box.id in reached, f"nothing says why {box.label} is {box.state}"


def test_a_picture_does_not_depend_on_the_order_of_what_failed() -> None:
    random = Random(3)
    analysis = varied(random, 400)
    failed = [analysis.estate.items[i].id for i in analysis.given]
    assert picture(analyse(analysis.estate, failed)) == picture(
        analyse(analysis.estate, failed[::-1])
    )
