"""Each sentence about relations, networks and the fixpoint, on an estate one can picture."""

from __future__ import annotations

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput, UnknownItem
from cmdb.items import ItemStatus
from impact.analysis import analyse
from impact.states import State, failure
from tests.impact.drawing import Drawing


@pytest.mark.parametrize(
    "relation",
    [
        "DEPENDS_ON",
        "CONNECTS_TO",
        "RUNS_ON",
        "HOSTED_ON",
        "ATTACHES_TO",
        "ROUTES_TO",
        "POWERED_BY",
        "LOCATED_IN",
        "SECURED_BY",
        "RESOLVED_BY",
    ],
)
def test_impact_runs_against_the_arrow(relation: str) -> None:
    drawing = Drawing().link("dependent", relation, "provider")
    assert drawing.states("provider") == {"dependent": "down"}
    assert drawing.states("dependent") == {}


@pytest.mark.parametrize("relation", ["MEMBER_OF", "CONTAINS", "CONTRIBUTES_TO"])
def test_impact_of_members_wholes_and_contributions_runs_with_the_arrow(relation: str) -> None:
    drawing = Drawing().link("provider", relation, "dependent")
    assert drawing.states("provider") == {"dependent": "down"}
    assert drawing.states("dependent") == {}


@pytest.mark.parametrize(
    "relation",
    [
        *("USES", "OWNED_BY", "SUPPORTED_BY", "AFFECTS", "CAUSED_BY", "CHANGES", "RELATES_TO"),
        *("CHILD_OF", "FIXED_BY", "BELONGS_TO"),
    ],
)
def test_information_has_no_impact(relation: str) -> None:
    drawing = Drawing().link("one", relation, "other")
    assert drawing.states("one") == {}
    assert drawing.states("other") == {}


def test_every_relation_of_the_catalogue_is_spoken_of() -> None:
    spoken_of = {
        *("DEPENDS_ON", "CONNECTS_TO", "RUNS_ON", "HOSTED_ON", "ATTACHES_TO", "ROUTES_TO"),
        *("POWERED_BY", "LOCATED_IN", "SECURED_BY", "RESOLVED_BY", "MEMBER_OF", "CONTAINS"),
        *("CONTRIBUTES_TO", "USES", "OWNED_BY", "SUPPORTED_BY", "AFFECTS", "CAUSED_BY"),
        *("CHANGES", "RELATES_TO", "EXCHANGES_DATA_WITH", "FAILS_OVER_TO", "LINKED_TO"),
        *("CHILD_OF", "FIXED_BY", "BELONGS_TO"),
    }
    assert set(builtin().relations) == spoken_of


def test_a_contribution_may_be_gated() -> None:
    drawing = Drawing().add("ServiceOffering", "gold")
    drawing.link("east", "CONTRIBUTES_TO", "gold", gate="regions")
    drawing.link("west", "CONTRIBUTES_TO", "gold", gate="regions")
    assert drawing.states("east") == {"gold": "at_risk"}
    assert drawing.states("east", "west") == {"gold": "down"}


def test_an_items_state_is_the_worst_of_its_given_failure_its_gates_and_its_network() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "mail", soft=True).link("shop", "RUNS_ON", "web")
    assert drawing.states("mail", "web") == {"shop": "down"}
    analysis = analyse(drawing.estate(), {"shop": State.DEGRADED, "mail": State.DEGRADED})
    assert analysis.state(analysis.estate.position("shop")) is State.DEGRADED
    worse = analyse(drawing.estate(), {"shop": State.DEGRADED, "web": State.DOWN})
    assert worse.state(worse.estate.position("shop")) is State.DOWN


def test_a_degraded_failure_degrades() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db")
    assert drawing.states("db", state=State.DEGRADED) == {"shop": "degraded"}


def test_a_cycle_that_nothing_outside_brings_down_stays_up() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "b").link("b", "DEPENDS_ON", "a")
    drawing.link("b", "DEPENDS_ON", "x", "y", gate="g")
    assert drawing.states("x") == {"a": "at_risk", "b": "at_risk"}
    assert drawing.states("x", "y") == {"a": "down", "b": "down"}


def test_members_that_back_each_other_up_do_not_bring_each_other_down() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "b", "x", gate="g")
    drawing.link("b", "DEPENDS_ON", "a", "x", gate="g")
    assert drawing.states("x") == {"a": "at_risk", "b": "at_risk"}


def test_a_link_to_itself_is_no_link() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "a", gate="g", min_up=2)
    drawing.link("a", "DEPENDS_ON", "b", gate="g", min_up=1)
    assert drawing.states("b") == {"a": "down"}
    assert drawing.findings() == []


# Life cycle


def test_retired_items_and_links_are_not_there() -> None:
    drawing = Drawing().add("Server", "old", status=ItemStatus.RETIRED)
    drawing.link("shop", "DEPENDS_ON", "old").link("old", "DEPENDS_ON", "db")
    drawing.link("shop", "DEPENDS_ON", "cache", status="retired")
    assert drawing.states("db") == {}
    assert drawing.states("cache") == {}
    assert "old" not in drawing.estate().index


def test_planned_items_are_left_out_unless_asked_for() -> None:
    drawing = Drawing().add("Server", "web2", status=ItemStatus.PLANNED)
    drawing.link("shop", "DEPENDS_ON", "web1", "web2", gate="web")
    assert drawing.states("web1") == {"shop": "down"}
    with_planned = analyse(drawing.estate(include_planned=True), ["web1"])
    assert with_planned.state(with_planned.estate.position("shop")) is State.AT_RISK


def test_missing_items_and_links_stay() -> None:
    drawing = Drawing().add("Server", "db", status=ItemStatus.MISSING)
    drawing.link("shop", "DEPENDS_ON", "db", status="missing")
    assert drawing.states("db") == {"shop": "down"}


def test_an_item_in_maintenance_is_up_until_it_fails() -> None:
    drawing = Drawing().add("Server", "db", status=ItemStatus.MAINTENANCE)
    drawing.link("shop", "DEPENDS_ON", "db", "cache", gate="g")
    assert drawing.states("cache") == {"shop": "at_risk"}


# Networks


def office() -> Drawing:
    """A core, two distribution switches, an access switch on both, and servers."""
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.add("NetworkDevice", "dist1", "dist2", network_role="distribution")
    drawing.add("NetworkDevice", "access", network_role="access")
    drawing.link("core", "LINKED_TO", "dist1", "dist2")
    drawing.link("access", "LINKED_TO", "dist1", "dist2")
    drawing.link("pc", "LINKED_TO", "access")
    drawing.link("server", "LINKED_TO", "dist1", "dist2")
    return drawing


def test_an_item_stays_connected_while_a_path_leads_to_an_anchor() -> None:
    states = office().states("dist1")
    assert "access" not in states
    assert "pc" not in states


def test_cut_off_is_down() -> None:
    assert office().states("access") == {"pc": "down"}
    assert office().states("dist1", "dist2") == {"access": "down", "pc": "down", "server": "down"}


def test_without_any_anchor_left_the_whole_network_is_down() -> None:
    states = office().states("core")
    assert states == dict.fromkeys(("dist1", "dist2", "access", "pc", "server"), "down")


def test_a_second_anchor_keeps_the_network_up() -> None:
    drawing = office().add("NetworkDevice", "edge", network_role="gateway")
    drawing.link("edge", "LINKED_TO", "dist2")
    assert drawing.states("core") == {}


def test_a_degraded_device_connects() -> None:
    assert office().states("access", state=State.DEGRADED) == {}


def test_calls_pass_through_network_devices_only() -> None:
    drawing = office().link("pc", "LINKED_TO", "server")
    assert drawing.states("access") == {"pc": "down"}


def test_an_item_beside_several_devices_of_which_one_is_down_is_at_risk() -> None:
    assert office().states("dist1") == {"server": "at_risk"}


def test_a_network_device_beside_several_devices_is_not_at_risk() -> None:
    assert "access" not in office().states("dist1")


def test_without_an_anchor_one_device_beside_it_keeps_an_item_connected() -> None:
    drawing = Drawing().add("NetworkDevice", "s1", "s2")
    drawing.link("s1", "LINKED_TO", "s2").link("pc", "LINKED_TO", "s1")
    drawing.link("server", "LINKED_TO", "s1", "s2")
    drawing.link("printer", "LINKED_TO", "s2")
    # s2 has lost the only device beside it, and with s2 the printer and the server are cut off.
    assert drawing.states("s1") == dict.fromkeys(("s2", "pc", "server", "printer"), "down")
    assert drawing.findings() == [("network_without_anchor", "pc")]


def test_without_an_anchor_an_item_beside_a_device_that_still_serves_is_at_risk() -> None:
    drawing = Drawing().add("NetworkDevice", "s1", "s2", "s3")
    drawing.link("s1", "LINKED_TO", "s2", "s3").link("s2", "LINKED_TO", "s3")
    drawing.link("server", "LINKED_TO", "s1", "s2")
    assert drawing.states("s1") == {"server": "at_risk"}


def test_what_is_not_connected_with_nothing_failed_is_not_judged() -> None:
    drawing = office().add("NetworkDevice", "island", network_role="access")
    drawing.link("pc", "LINKED_TO", "island").link("printer", "LINKED_TO", "island")
    # The island hangs on a pc, and calls do not pass through that.
    assert drawing.states("core").keys().isdisjoint({"island", "printer"})
    assert drawing.states("island") == {"pc": "at_risk"}


def test_a_lone_cable_between_two_servers_is_not_judged() -> None:
    drawing = Drawing().link("a", "LINKED_TO", "b")
    assert drawing.states("a") == {}


def test_a_network_and_gates_bring_each_other_down() -> None:
    drawing = office().link("access", "POWERED_BY", "feed").link("feed", "DEPENDS_ON", "server")
    drawing.link("app", "RUNS_ON", "pc")
    assert drawing.states("dist1", "dist2") == dict.fromkeys(
        ("server", "feed", "access", "pc", "app"), "down"
    )
    assert drawing.states("server") == dict.fromkeys(("feed", "access", "pc", "app"), "down")


def test_linked_to_may_be_stored_either_way_round_or_twice() -> None:
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.link("core", "LINKED_TO", "pc").link("pc", "LINKED_TO", "core", "core")
    assert drawing.states("core") == {"pc": "down"}


# What is asked


def test_nothing_failed_leaves_nothing_affected() -> None:
    assert analyse(office().estate(), []).states == {}


def test_an_unknown_item_is_an_error() -> None:
    with pytest.raises(UnknownItem, match="no item 'dist3'"):
        analyse(office().estate(), ["dist3"])


@pytest.mark.parametrize("status", [ItemStatus.RETIRED, ItemStatus.PLANNED])
def test_an_item_that_is_not_there_cannot_fail(status: ItemStatus) -> None:
    drawing = Drawing().add("Server", "old", status=status)
    with pytest.raises(InvalidInput, match=f"Server 'old' .old. is {status.value}"):
        analyse(drawing.estate(), ["old"])


@pytest.mark.parametrize("state", [State.UP, State.AT_RISK])
def test_an_item_fails_as_down_or_degraded(state: State) -> None:
    with pytest.raises(InvalidInput, match="down or degraded"):
        analyse(office().estate(), ["core"], state)
    with pytest.raises(InvalidInput, match="down or degraded"):
        failure(state.label)
    assert failure(" Down ") is State.DOWN
    assert failure("degraded") is State.DEGRADED


def test_kinds_and_relations_that_the_catalogue_lost_carry_no_impact() -> None:
    drawing = Drawing().add("Spaceship", "ship").link("shop", "ORBITS", "ship")
    assert drawing.states("ship") == {}
    assert drawing.findings() == [("unknown_kind", ""), ("unknown_relation", "")]
