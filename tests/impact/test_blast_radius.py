"""The whole answer: its shape, its order, its limits and what comes with it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import msgspec
import pytest

from cmdb.errors import InvalidInput
from cmdb.items import ItemStatus
from impact.analysis import analyse
from impact.answer import GateHeld, Totals
from impact.blast_radius import answer, blast_radius
from tests.impact.drawing import NOW, Drawing
from tests.impact.random_estates import random_estate, random_failure


def checkout() -> Drawing:
    drawing = Drawing().add("ServiceInstance", "checkout", criticality="critical")
    drawing.add("BusinessService", "shopping", criticality="high")
    drawing.add("Team", "payments", on_call="+44 1", email="pay@example.org").add("Person", "ada")
    drawing.link("checkout", "DEPENDS_ON", "db").link("checkout", "CONTRIBUTES_TO", "shopping")
    drawing.link("report", "DEPENDS_ON", "db", soft=True)
    drawing.link("audit", "DEPENDS_ON", "db", "archive", gate="store")
    drawing.link("checkout", "OWNED_BY", "payments").link("db", "SUPPORTED_BY", "payments")
    return drawing.link("report", "OWNED_BY", "ada")


def test_the_json_object_has_the_published_keys() -> None:
    found = msgspec.json.decode(msgspec.json.encode(checkout().answer("db")))
    assert set(found) == {
        *("revision", "as_of", "failed", "affected", "gates_held", "services", "owners"),
        *("weak_evidence", "counts", "truncated"),
    }
    assert found["revision"] == 7
    assert found["as_of"] == "2026-03-01T12:00:00Z"
    assert found["failed"] == ["db"]
    assert found["counts"] == {"down": 3, "degraded": 1, "at_risk": 1}
    assert found["truncated"] is False
    assert found["affected"][1] == {
        "id": "checkout",
        "kind": "ServiceInstance",
        "name": "checkout",
        "state": "down",
        "distance": 1,
        "because": {"link": "DEPENDS_ON:checkout:db", "from": "db"},
        "path": ["db", "checkout"],
    }


def test_the_failed_items_come_first_with_distance_0_and_nothing_before_them() -> None:
    first = checkout().answer("db").affected[0]
    assert (first.id, first.state, first.distance, first.because, first.path) == (
        *("db", "down", 0, None),
        ("db",),
    )


def test_the_order_is_by_state_distance_kind_name_and_id() -> None:
    rows = checkout().answer("db").affected
    assert [row.id for row in rows] == ["db", "checkout", "shopping", "report", "audit"]
    states = {"down": 0, "degraded": 1, "at_risk": 2}
    keys = [(states[row.state], row.distance, row.kind, row.name, row.id) for row in rows]
    assert keys == sorted(keys)


def test_the_order_of_the_input_does_not_matter() -> None:
    random = Random(5)
    for _ in range(200):
        drawn = random_estate(random)
        estate = drawn.build()
        failure = random_failure(random, estate)
        found = blast_radius(estate, failure)
        random.shuffle(drawn.items)
        random.shuffle(drawn.links)
        again = blast_radius(drawn.build(), failure)
        assert msgspec.structs.replace(again, as_of=found.as_of) == found


def test_a_gate_that_held_says_by_what_margin() -> None:
    assert checkout().answer("db").gates_held == (
        GateHeld("audit", "Server", "audit", "store", 1, 1, 2, 0, ("db",)),
    )


def test_the_smallest_margin_comes_first_and_failed_gates_are_not_among_them() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "x", "y", "z", gate="three")
    drawing.link("b", "DEPENDS_ON", "x", "y", gate="two")
    drawing.link("c", "DEPENDS_ON", "x", "y", gate="both", min_up=2)
    drawing.link("d", "DEPENDS_ON", "x", gate="one")
    held = drawing.answer("x").gates_held
    assert [(gate.id, gate.margin) for gate in held] == [("b", 0), ("a", 1)]


def test_a_link_of_weight_0_only_warns_and_is_no_gate_that_held() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "x", weight=0)
    assert drawing.states("x") == {"a": "at_risk"}
    assert drawing.answer("x").gates_held == ()


def test_a_gate_that_only_serves_degraded_did_not_hold() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "x", "y", gate="g")
    drawing.link("y", "DEPENDS_ON", "x", soft=True)
    assert drawing.answer("x").gates_held == ()


def test_the_services_reached_are_listed_the_worst_and_most_critical_first() -> None:
    drawing = checkout().add("ServiceOffering", "gold", criticality="low")
    drawing.link("db", "CONTRIBUTES_TO", "gold")
    services = drawing.answer("db").services
    assert [(s.id, s.state, s.criticality) for s in services] == [
        ("checkout", "down", "critical"),
        ("shopping", "down", "high"),
        ("gold", "down", "low"),
    ]


def test_the_owners_reached_say_for_how_many_items_in_which_role_and_how_to_reach_them() -> None:
    payments, ada = checkout().answer("db").owners
    assert (payments.id, payments.owns, payments.supports, payments.state) == (
        *("payments", 1, 1),
        "down",
    )
    assert payments.contact == "+44 1"
    assert (ada.id, ada.owns, ada.supports, ada.state, ada.contact) == (
        *("ada", 1, 0, "degraded"),
        None,
    )


def test_a_team_that_fails_is_not_its_own_owner() -> None:
    assert checkout().answer("payments").owners == ()


def test_counts_are_of_everything_and_lists_are_cut_honestly() -> None:
    drawing = checkout()
    whole = drawing.answer("db")
    for limit in range(7):
        cut = drawing.answer("db", limit=limit)
        assert cut.counts == whole.counts
        assert cut.affected == whole.affected[:limit]
        assert cut.services == whole.services[:limit]
        assert cut.truncated == (limit < len(whole.affected))
        assert cut.totals == (Totals(5, 1, 2, 2, 0) if cut.truncated else None)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_put_together_are_the_whole(limit: int) -> None:
    drawing = checkout()
    analysis = drawing.fail("db")
    whole = answer(analysis, limit=None)
    longest = len(whole.affected)
    pages = [answer(analysis, limit=limit, offset=at) for at in range(0, longest, limit)]
    for rows in ("affected", "gates_held", "services", "owners", "weak_evidence"):
        assert sum((getattr(page, rows) for page in pages), ()) == getattr(whole, rows)
    for page in pages:
        assert page.counts == whole.counts
        assert page.truncated == (limit < longest)
        assert page.totals == (Totals(5, 1, 2, 2, 0) if page.truncated else None)


def test_a_page_behind_the_last_row_is_empty() -> None:
    beyond = answer(checkout().fail("db"), limit=3, offset=99)
    assert (beyond.affected, beyond.services, beyond.truncated) == ((), (), True)
    with pytest.raises(InvalidInput, match="offset must be 0 or more, not -1"):
        answer(checkout().fail("db"), offset=-1)


def test_counts_are_those_of_the_whole_list() -> None:
    random = Random(11)
    for _ in range(200):
        estate = random_estate(random).build()
        found = blast_radius(estate, random_failure(random, estate), limit=None)
        states = [row.state for row in found.affected]
        assert found.counts.down == states.count("down")
        assert found.counts.degraded == states.count("degraded")
        assert found.counts.at_risk == states.count("at_risk")
        assert len(states) == found.counts.down + found.counts.degraded + found.counts.at_risk


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="0 or more"):
        answer(checkout().fail("db"), limit=-1)


def test_the_same_item_twice_fails_once() -> None:
    assert blast_radius(checkout().estate(), ["db", "db"]).failed == ("db",)


# Weak evidence


def weak(drawing: Drawing, *failed: str) -> dict[str, tuple[str, ...]]:
    return {found.id: found.reasons for found in drawing.answer(*failed).weak_evidence}


def test_sound_data_is_no_weak_evidence() -> None:
    assert weak(checkout(), "db") == {}


def test_a_missing_item_and_a_missing_link_are_weak_evidence() -> None:
    drawing = Drawing().add("Server", "db", status=ItemStatus.MISSING)
    drawing.link("shop", "DEPENDS_ON", "db", status="missing")
    assert weak(drawing, "db") == {"db": ("missing",), "DEPENDS_ON:shop:db": ("missing",)}


def test_what_nobody_has_seen_for_longer_than_its_kind_allows_is_stale() -> None:
    drawing = Drawing().add("Server", "db", seen=NOW - timedelta(days=8))
    drawing.add("Team", "t").add("Cluster", "c", seen=NOW - timedelta(days=8))
    drawing.link("shop", "DEPENDS_ON", "db", seen=NOW - timedelta(days=7))
    drawing.link("c", "DEPENDS_ON", "db", seen=NOW - timedelta(days=31))
    assert weak(drawing, "db") == {"db": ("stale",), "DEPENDS_ON:c:db": ("stale",)}
    found = drawing.answer("db").weak_evidence
    assert found[0].sentence == "Server 'db': nobody has seen it for 8 days, 7 are allowed."
    assert found[0].last_seen == NOW - timedelta(days=8)
    assert [evidence.type for evidence in found] == ["item", "link"]


def test_a_link_whose_source_is_less_than_half_sure_is_weak_evidence() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db", confidence=0.4)
    drawing.link("bank", "DEPENDS_ON", "db", confidence=0.5)
    assert weak(drawing, "db") == {
        "DEPENDS_ON:shop:db": ("low_confidence", "single_source"),
        "DEPENDS_ON:bank:db": ("single_source",),
    }


def test_a_gate_that_held_rests_on_those_that_still_serve() -> None:
    drawing = Drawing().add("Server", "b", status=ItemStatus.MISSING)
    drawing.link("shop", "DEPENDS_ON", "a", "b", gate="g")
    assert weak(drawing, "a") == {"b": ("missing",)}


def test_a_pair_rests_on_the_link_that_makes_it_one() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "a")
    drawing.link("a", "FAILS_OVER_TO", "b", confidence=0.1)
    assert weak(drawing, "a") == {"FAILS_OVER_TO:a:b": ("low_confidence", "single_source")}


def test_what_the_network_cut_off_rests_on_its_cables() -> None:
    drawing = Drawing().add("NetworkDevice", "core", network_role="core")
    drawing.link("pc", "LINKED_TO", "core", confidence=0.3)
    assert weak(drawing, "core") == {"LINKED_TO:pc:core": ("low_confidence", "single_source")}


def test_what_the_answer_does_not_rest_on_is_not_its_weak_evidence() -> None:
    drawing = checkout().link("db", "RUNS_ON", "host", confidence=0.1)
    assert weak(drawing, "db") == {}


def test_stale_data_never_changes_a_state() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db", confidence=0.0)
    analysis = analyse(drawing.estate(), ["db"])
    assert {state.label for state in analysis.states.values()} == {"down"}
