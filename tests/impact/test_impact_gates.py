"""Each sentence about gates, on an estate that one can picture."""

from __future__ import annotations

import pytest

from cmdb.items import ItemStatus
from impact.min_up import parse_min_up
from impact.states import State
from tests.impact.drawing import Drawing


def pool(min_up: float | str = 1, **weights: float) -> Drawing:
    """A shop whose gate ``web`` has these servers, by default three of weight 1."""
    drawing = Drawing()
    for server, weight in (weights or {"web1": 1, "web2": 1, "web3": 1}).items():
        drawing.link("shop", "DEPENDS_ON", server, gate="web", min_up=min_up, weight=weight)
    return drawing


def test_links_that_name_the_same_gate_of_the_same_dependent_form_one_gate() -> None:
    drawing = pool()
    drawing.link("billing", "DEPENDS_ON", "web1", gate="web")
    assert drawing.states("web1") == {"shop": "at_risk", "billing": "down"}
    assert drawing.states("web1", "web2", "web3") == {"shop": "down", "billing": "down"}


def test_links_of_different_relations_may_share_a_gate() -> None:
    drawing = (
        Drawing().link("shop", "DEPENDS_ON", "a", gate="g").link("shop", "RUNS_ON", "b", gate="g")
    )
    assert drawing.states("a") == {"shop": "at_risk"}
    assert drawing.states("a", "b") == {"shop": "down"}


def test_a_link_that_names_no_gate_is_a_gate_of_its_own() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db", "cache")
    assert drawing.states("db") == {"shop": "down"}
    assert drawing.states("cache") == {"shop": "down"}


@pytest.mark.parametrize(
    ("min_up", "one_lost", "two_lost"),
    [
        (1, "at_risk", "at_risk"),
        (2, "at_risk", "down"),
        (3, "down", "down"),
        ("2", "at_risk", "down"),
        ("50%", "at_risk", "down"),
        ("33%", "at_risk", "at_risk"),
        ("100%", "down", "down"),
        (1.5, "at_risk", "down"),
        (0, "at_risk", "at_risk"),
    ],
)
def test_min_up_is_a_number_or_a_percentage_of_the_total(
    min_up: float | str, one_lost: str, two_lost: str
) -> None:
    drawing = pool(min_up)
    assert drawing.states("web1") == {"shop": one_lost}
    assert drawing.states("web1", "web2") == {"shop": two_lost}


def test_each_member_has_a_weight() -> None:
    drawing = pool(2, big=2, small=1, tiny=1)
    assert drawing.states("small", "tiny") == {"shop": "at_risk"}
    assert drawing.states("big") == {"shop": "at_risk"}
    assert drawing.states("big", "tiny") == {"shop": "down"}


def test_a_percentage_is_of_the_weight_not_of_the_number() -> None:
    drawing = pool("50%", big=4, small=1, tiny=1)
    assert drawing.states("small", "tiny") == {"shop": "at_risk"}
    assert drawing.states("big") == {"shop": "down"}


def test_weights_mean_what_their_decimals_say() -> None:
    drawing = pool(0.3, a=0.1, b=0.1, c=0.1, d=0.1)
    assert drawing.states("d") == {"shop": "at_risk"}
    assert drawing.states("c", "d") == {"shop": "down"}


def test_a_provider_that_two_links_lead_to_is_one_member() -> None:
    drawing = Drawing()
    drawing.link("shop", "DEPENDS_ON", "a", "b", gate="g", min_up=2)
    drawing.link("shop", "CONNECTS_TO", "a", gate="g", min_up=2)
    assert drawing.states("b") == {"shop": "down"}


def test_the_output_is_the_best_state_in_which_enough_members_are() -> None:
    drawing = pool(2)
    drawing.link("web1", "DEPENDS_ON", "queue", soft=True)
    drawing.link("web2", "DEPENDS_ON", "queue", soft=True)
    # Two of three are degraded, one is up: two in state degraded or better are enough.
    assert drawing.states("queue") == {"web1": "degraded", "web2": "degraded", "shop": "degraded"}
    assert drawing.states("queue", "web3")["shop"] == "degraded"
    assert drawing.states("web1", "web2")["shop"] == "down"


def test_up_while_some_member_is_degraded_or_down_is_at_risk() -> None:
    drawing = pool(1)
    assert drawing.states("web1") == {"shop": "at_risk"}
    drawing.link("web1", "DEPENDS_ON", "queue", soft=True)
    assert drawing.states("queue") == {"web1": "degraded", "shop": "at_risk"}


def test_a_member_at_risk_does_not_put_its_gate_at_risk_while_enough_are_up() -> None:
    drawing = pool(1).link("web1", "DEPENDS_ON", "a", "b", gate="pair")
    assert drawing.states("a") == {"web1": "at_risk"}


def test_at_risk_is_passed_on_where_too_few_members_are_up() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "web")
    drawing.link("web", "DEPENDS_ON", "a", "b", gate="pair")
    assert drawing.states("a") == {"web": "at_risk", "shop": "at_risk"}


def test_min_up_above_the_total_counts_as_the_total_and_is_a_finding() -> None:
    drawing = pool(9)
    assert drawing.states("web1") == {"shop": "down"}
    assert drawing.findings() == [("min_up_above_total", "shop")]
    assert pool("150%").findings() == [("min_up_above_total", "shop")]
    assert pool("100%").findings() == []


def test_a_soft_gate_puts_the_output_one_step_better() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "mail", soft=True)
    drawing.link("mail", "DEPENDS_ON", "a", "b", gate="pair")
    assert drawing.states("mail") == {"shop": "degraded"}
    assert drawing.states("mail", state=State.DEGRADED) == {"shop": "at_risk"}
    assert drawing.states("a") == {"mail": "at_risk"}


def test_a_gate_is_hard_if_one_of_its_links_is() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "a", gate="g", soft=True)
    assert drawing.states("a") == {"shop": "degraded"}
    drawing.link("shop", "DEPENDS_ON", "b", gate="g", soft=False)
    assert drawing.states("a", "b") == {"shop": "down"}


def test_exchanges_data_with_is_always_soft() -> None:
    drawing = Drawing().link("report", "EXCHANGES_DATA_WITH", "feed", soft=False)
    assert drawing.states("feed") == {"report": "degraded"}


def test_a_gate_that_mixes_exchanges_data_with_and_a_hard_link_is_hard() -> None:
    drawing = Drawing().link("report", "EXCHANGES_DATA_WITH", "feed", gate="g")
    drawing.link("report", "DEPENDS_ON", "db", gate="g")
    assert drawing.states("feed", "db") == {"report": "down"}


def test_all_member_of_a_cluster_form_one_gate_of_one() -> None:
    drawing = Drawing().add("Cluster", "k8s")
    drawing.link("n1", "MEMBER_OF", "k8s").link("n2", "MEMBER_OF", "k8s")
    assert drawing.states("n1") == {"k8s": "at_risk"}
    assert drawing.states("n1", "n2") == {"k8s": "down"}
    assert drawing.states("k8s") == {}


@pytest.mark.parametrize("min_up", ["2", "66%", 2])
def test_the_min_up_of_a_cluster_is_its_property(min_up: str | int) -> None:
    drawing = Drawing().add("Cluster", "etcd", min_up=min_up)
    for node in ("n1", "n2", "n3"):
        drawing.link(node, "MEMBER_OF", "etcd")
    assert drawing.states("n1") == {"etcd": "at_risk"}
    assert drawing.states("n1", "n2") == {"etcd": "down"}


def test_all_powered_by_of_a_device_form_one_gate_of_one() -> None:
    drawing = Drawing().link("rack1", "POWERED_BY", "feedA", "feedB")
    assert drawing.states("feedA") == {"rack1": "at_risk"}
    assert drawing.states("feedA", "feedB") == {"rack1": "down"}


def test_a_link_to_an_item_that_fails_over_is_a_gate_of_one_over_it_and_its_standby() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db1").link("db1", "FAILS_OVER_TO", "db2")
    assert drawing.states("db1") == {"shop": "at_risk"}
    assert drawing.states("db2") == {"shop": "at_risk"}
    assert drawing.states("db1", "db2") == {"shop": "down"}


def test_fails_over_to_has_no_impact_of_its_own() -> None:
    drawing = Drawing().link("db1", "FAILS_OVER_TO", "db2")
    assert drawing.states("db1") == {}
    assert drawing.states("db2") == {}


def test_standbys_count_transitively_and_in_rings() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db1")
    for one, other in (("db1", "db2"), ("db2", "db3"), ("db3", "db1")):
        drawing.link(one, "FAILS_OVER_TO", other)
    assert drawing.states("db1", "db2") == {"shop": "at_risk"}
    assert drawing.states("db1", "db2", "db3") == {"shop": "down"}


def test_a_standby_does_not_lean_on_its_primary() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db2").link("db1", "FAILS_OVER_TO", "db2")
    assert drawing.states("db2") == {"shop": "down"}


def test_the_weight_of_a_link_does_not_weaken_the_pair() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db1", weight=0.5)
    drawing.link("db1", "FAILS_OVER_TO", "db2")
    assert drawing.states("db2") == {"shop": "at_risk"}


def test_standbys_are_not_added_to_gates_that_state_their_redundancy() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db1", gate="db")
    drawing.link("rack", "POWERED_BY", "db1")
    drawing.add("Cluster", "pair").link("db1", "MEMBER_OF", "pair")
    drawing.link("db1", "FAILS_OVER_TO", "db2")
    assert drawing.states("db1") == {"shop": "down", "rack": "down", "pair": "down"}


def test_a_retired_standby_is_none() -> None:
    drawing = Drawing().add("Server", "db2", status=ItemStatus.RETIRED)
    drawing.link("shop", "DEPENDS_ON", "db1").link("db1", "FAILS_OVER_TO", "db2")
    assert drawing.states("db1") == {"shop": "down"}


def test_different_min_up_in_one_gate_are_a_finding_and_the_largest_counts() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "a", "b", gate="g", min_up=1)
    drawing.link("shop", "DEPENDS_ON", "c", gate="g", min_up=3)
    assert drawing.states("a") == {"shop": "down"}
    assert drawing.findings() == [("min_up_conflict", "shop")]


@pytest.mark.parametrize("min_up", ["many", "-1", -1, "%", "", "nan", "1e999999", "inf"])
def test_a_min_up_that_is_none_is_a_finding_and_counts_as_one(min_up: str | int) -> None:
    drawing = pool(min_up)
    assert drawing.findings() == [("min_up_invalid", "shop")]
    assert drawing.states("web1", "web2") == {"shop": "at_risk"}


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_a_finding_and_counts_as_one(weight: float) -> None:
    drawing = pool(2, a=weight, b=1)
    assert ("weight_invalid", "shop") in drawing.findings()
    assert drawing.states("a") == {"shop": "down"}


def test_a_boolean_is_no_min_up() -> None:
    assert parse_min_up(True) is None
    assert parse_min_up(["2"]) is None
    assert Drawing().add("Cluster", "c", min_up=True).link("n", "MEMBER_OF", "c").findings() == [
        ("min_up_invalid", "c")
    ]


def test_gates_and_clusters_without_any_member_are_findings() -> None:
    drawing = Drawing().add("Server", "gone", status=ItemStatus.RETIRED)
    drawing.add("Cluster", "empty", min_up="2")
    drawing.link("shop", "DEPENDS_ON", "gone", gate="web")
    assert drawing.findings() == [
        ("gate_without_members", "empty"),
        ("gate_without_members", "shop"),
    ]


def test_the_findings_of_a_sound_estate_are_none() -> None:
    assert pool(2).findings() == []
