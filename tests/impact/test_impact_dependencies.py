"""What an item rests on, what rests on it, and how two are connected."""

from __future__ import annotations

from random import Random

import pytest

from cmdb.errors import InvalidInput, UnknownItem
from impact.dependencies import Dependency, consumers, dependencies, dependents, providers
from impact.path import Paths, find_paths
from impact.propagate import propagate
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate


def shop() -> Drawing:
    drawing = Drawing().add("Team", "team").add("Incident", "inc")
    drawing.link("shop", "DEPENDS_ON", "web1", "web2", gate="web", min_up=1)
    drawing.link("shop", "DEPENDS_ON", "mail", soft=True)
    drawing.link("web1", "RUNS_ON", "host").link("web2", "RUNS_ON", "host")
    drawing.link("shop", "OWNED_BY", "team").link("bank", "OWNED_BY", "team")
    return drawing.link("inc", "AFFECTS", "shop").link("inc", "AFFECTS", "kiosk")


def names(found: tuple[Dependency, ...]) -> list[tuple[str, int]]:
    return [(dependency.id, dependency.depth) for dependency in found]


def test_dependencies_are_found_to_any_depth_nearest_first() -> None:
    found = dependencies(shop().estate(), "shop")
    assert names(found.items) == [("mail", 1), ("web1", 1), ("web2", 1), ("host", 2)]
    assert (found.total, found.truncated, found.direction) == (4, False, "dependencies")


def test_a_dependency_says_by_which_link_gate_and_strength() -> None:
    mail, web1, _, host = dependencies(shop().estate(), "shop").items
    assert mail == Dependency(
        *("mail", "Server", "mail", 1, "shop", "DEPENDS_ON", "DEPENDS_ON:shop:mail", "soft")
    )
    assert (web1.gate, web1.needed, web1.total, web1.strength) == ("web", 1, 2, "hard")
    assert (host.via, host.gate, host.needed) == ("web1", None, None)


def test_dependents_are_the_same_turned_round() -> None:
    found = dependents(shop().estate(), "host")
    assert names(found.items) == [("web1", 1), ("web2", 1), ("shop", 2)]
    assert found.items[2].via == "web1"


def test_depth_and_limit_cut_and_only_the_limit_truncates() -> None:
    estate = shop().estate()
    near = dependencies(estate, "shop", depth=1)
    assert (len(near.items), near.total, near.truncated) == (3, 3, False)
    few = dependencies(estate, "shop", limit=2)
    assert (len(few.items), few.total, few.truncated) == (2, 4, True)
    assert dependencies(estate, "shop", depth=0).items == ()


def test_what_is_no_device_rests_on_all_devices_beside_it() -> None:
    drawing = Drawing().add("NetworkDevice", "gateway", network_role="gateway")
    drawing.add("NetworkDevice", "cut-off").link("web", "LINKED_TO", "gateway", "cut-off")
    estate = drawing.estate()
    assert propagate(estate, {estate.index["cut-off"]: State.DOWN})[estate.index["web"]] is (
        State.AT_RISK
    )
    assert names(dependencies(estate, "web").items) == [("cut-off", 1), ("gateway", 1)]
    assert names(dependents(estate, "cut-off").items) == [("web", 1)]


def test_a_cycle_is_walked_once() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "b").link("b", "DEPENDS_ON", "a")
    assert names(dependencies(drawing.estate(), "a").items) == [("b", 1)]


def test_standbys_are_dependencies_by_their_gate() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db1").link("db1", "FAILS_OVER_TO", "db2")
    db1, db2 = dependencies(drawing.estate(), "shop").items
    assert (db1.gate, db2.gate, db2.needed, db2.total) == ("standby", "standby", 1, 2)
    assert dependencies(drawing.estate(), "db1").items == ()


def test_an_item_rests_on_the_devices_between_it_and_the_anchor() -> None:
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.add("NetworkDevice", "access", "other")
    drawing.link("access", "LINKED_TO", "core").link("other", "LINKED_TO", "core")
    drawing.link("pc", "LINKED_TO", "access")
    assert names(dependencies(drawing.estate(), "pc").items) == [("access", 1), ("core", 2)]
    assert names(dependents(drawing.estate(), "core").items) == [
        *(("access", 1), ("other", 1)),
        ("pc", 2),
    ]


def test_a_device_does_not_rest_on_one_that_is_no_nearer_to_the_anchor() -> None:
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.add("NetworkDevice", "one", "two").link("one", "LINKED_TO", "core", "two")
    drawing.link("two", "LINKED_TO", "core")
    assert names(dependencies(drawing.estate(), "one").items) == [("core", 1)]


def test_consumers_are_providers_turned_round_on_any_estate() -> None:
    random = Random(3)
    for _ in range(300):
        estate = random_estate(random).build()
        every = range(len(estate.items))
        down = sorted(
            (one, s.other, s.link, s.gate or -1) for one in every for s in providers(estate, one)
        )
        up = sorted(
            (s.other, one, s.link, s.gate or -1) for one in every for s in consumers(estate, one)
        )
        assert down == up


def test_bad_questions_about_dependencies_are_refused() -> None:
    with pytest.raises(UnknownItem):
        dependencies(shop().estate(), "nobody")
    with pytest.raises(InvalidInput, match="depth"):
        dependencies(shop().estate(), "shop", depth=-1)
    with pytest.raises(InvalidInput, match="limit"):
        dependents(shop().estate(), "shop", limit=-1)


# Paths


def ways(found: Paths) -> list[list[str]]:
    return [[item.id for item in path.items] for path in found.paths]


def test_paths_along_the_dependencies_are_preferred() -> None:
    found = find_paths(shop().estate(), "shop", "host")
    assert (found.connection, found.length, found.truncated) == ("rests_on", 2, False)
    assert ways(found) == [["shop", "web1", "host"], ["shop", "web2", "host"]]
    assert [(s.relation, s.forward) for s in found.paths[0].steps] == [
        ("DEPENDS_ON", True),
        ("RUNS_ON", True),
    ]


def test_a_longer_dependency_is_preferred_to_a_shorter_link_of_another_kind() -> None:
    drawing = shop().link("shop", "LINKED_TO", "host")
    assert find_paths(drawing.estate(), "shop", "host").connection == "rests_on"


def test_paths_the_other_way_round_are_named_so() -> None:
    found = find_paths(shop().estate(), "host", "shop")
    assert (found.connection, ways(found)[0]) == ("carries", ["host", "web1", "shop"])
    assert not found.paths[0].steps[0].forward


def test_paths_may_lead_over_any_link() -> None:
    found = find_paths(shop().estate(), "mail", "host")
    assert (found.connection, found.length) == ("linked", 3)


def test_a_common_owner_or_record_connects_where_nothing_else_does() -> None:
    found = find_paths(shop().estate(), "bank", "shop")
    assert (found.connection, ways(found)) == ("related", [["bank", "team", "shop"]])
    found = find_paths(shop().estate(), "kiosk", "shop")
    assert (found.connection, ways(found)) == ("related", [["kiosk", "inc", "shop"]])


def test_a_path_leads_through_a_primary_to_its_standby() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db1").link("db1", "FAILS_OVER_TO", "db2")
    found = find_paths(drawing.estate(), "shop", "db2")
    assert (found.connection, ways(found)) == ("rests_on", [["shop", "db1", "db2"]])
    assert find_paths(drawing.estate(), "db2", "shop").connection == "carries"


def test_unconnected_items_have_no_path_and_one_item_is_the_same() -> None:
    drawing = shop().add("Server", "alone")
    assert find_paths(drawing.estate(), "alone", "shop").connection == "none"
    assert find_paths(drawing.estate(), "alone", "shop").paths == ()
    same = find_paths(drawing.estate(), "shop", "shop")
    assert (same.connection, same.length, ways(same)) == ("same", 0, [["shop"]])


def test_very_many_paths_of_one_length_are_cut_without_being_counted_out() -> None:
    drawing = Drawing()
    for layer in range(60):
        for one in ("a", "b"):
            drawing.link(f"{one}{layer}", "DEPENDS_ON", f"a{layer + 1}", f"b{layer + 1}")
    found = find_paths(drawing.estate(), "a0", "a60", limit=3)
    assert (found.length, len(found.paths), found.truncated) == (60, 3, True)
    assert len({tuple(way) for way in ways(found)}) == 3


def test_parallel_links_are_one_path() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "b").link("a", "CONNECTS_TO", "b")
    found = find_paths(drawing.estate(), "a", "b")
    assert [step.relation for step in found.paths[0].steps] == ["CONNECTS_TO"]
    assert len(found.paths) == 1


def test_every_path_is_made_of_links_that_are_there_and_has_the_shortest_length() -> None:
    random = Random(8)
    for _ in range(300):
        estate = random_estate(random).build()
        ids = [item.id for item in estate.items]
        if not ids:
            continue
        found = find_paths(estate, random.choice(ids), random.choice(ids))
        for path in found.paths:
            assert len(path.steps) == found.length == len(path.items) - 1
            for step, one, other in zip(path.steps, path.items, path.items[1:], strict=False):
                link = estate.links[[x.id for x in estate.links].index(step.link)]
                ends = (link.from_id, link.to_id)
                assert ends == ((one.id, other.id) if step.forward else (other.id, one.id))


def test_bad_questions_about_paths_are_refused() -> None:
    with pytest.raises(UnknownItem):
        find_paths(shop().estate(), "shop", "nobody")
    with pytest.raises(InvalidInput, match="limit"):
        find_paths(shop().estate(), "shop", "host", limit=0)
