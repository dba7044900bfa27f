"""Why an item is affected: sound on any estate, and readable on small ones."""

from __future__ import annotations

from random import Random

import pytest

from cmdb.errors import InvalidInput, UnknownItem
from impact.analysis import Analysis, analyse
from impact.answer import Because
from impact.blast_radius import answer
from impact.explain import explain
from tests.impact.drawing import Drawing
from tests.impact.oracle import DOWN, UP, BruteForce
from tests.impact.random_estates import RandomEstate, random_estate, random_failure


def drawn(seed: int) -> tuple[RandomEstate, Analysis]:
    """An estate in which something is affected beyond what failed."""
    random = Random(seed)
    while True:
        estate = random_estate(random)
        built = estate.build()
        analysis = analyse(built, random_failure(random, built))
        if len(analysis.states) > len(analysis.given):
            return estate, analysis


SEEDS = pytest.mark.parametrize("seed", range(0, 6000, 300))
"""Each stands for the 60 seeds from it on."""


@SEEDS
def test_every_path_leads_from_a_failed_item_through_affected_ones(seed: int) -> None:
    for estate, analysis in map(drawn, range(seed, seed + 60)):
        full = answer(analysis, limit=None)
        rows = {row.id: row for row in full.affected}
        ends = {link.id: {link.from_id, link.to_id} for link in estate.links}
        for row in full.affected:
            assert len(row.path) == len(set(row.path)) == row.distance + 1
            assert row.path[0] in full.failed
            assert row.path[-1] == row.id
            if row.because is None:
                assert row.distance == 0
                continue
            assert row.path[:-1] == rows[row.because.from_id].path
            if row.because.gate != "standby":
                assert ends[row.because.link] == {row.id, row.because.from_id}


@SEEDS
def test_what_is_nearer_to_the_failure_alone_puts_an_item_in_its_state(seed: int) -> None:
    for estate, analysis in map(drawn, range(seed, seed + 60)):
        oracle = BruteForce(estate.items, estate.links, estate.include_planned)
        items = analysis.estate.items

        def known(farthest: int, analysis: Analysis = analysis) -> dict[str, int]:
            """The states of those up to a distance; everything else up."""
            return {
                item.id: int(analysis.state(at))
                if at in analysis.reasons and analysis.reasons[at].distance <= farthest
                else UP
                for at, item in enumerate(analysis.estate.items)
            }

        for at, reason in analysis.reasons.items():
            name, state = items[at].id, analysis.states[at]
            before = known(reason.distance - 1)
            outputs = [oracle.output(gate, before) for gate in oracle.gates(name)]
            match reason.how:
                case "given":
                    assert analysis.given[at] is state
                case "gate":
                    assert max(outputs) == state
                    sooner = known(reason.distance - 2)
                    assert all(oracle.output(g, sooner) < state for g in oracle.gates(name))
                case "network":
                    assert oracle.network_state(name, before) == state


@SEEDS
def test_a_proof_rests_on_failed_members_that_are_proven_themselves(seed: int) -> None:
    for _, analysis in map(drawn, range(seed, seed + 60)):
        for at in analysis.states:
            proof = explain(analysis, analysis.estate.items[at].id, limit=None)
            steps = {step.id: step for step in proof.steps}
            assert not proof.truncated
            assert len(steps) == len(proof.steps)
            assert proof.steps[0].id == proof.id
            for step in proof.steps:
                proven = [member.id for member in step.failed if member.proven]
                assert bool(proven) == (step.how != "given")
                assert all(steps[member].distance < step.distance for member in proven)
                if step.how == "gate" and step.state == "down":
                    assert step.left is not None
                    assert step.needed is not None
                    assert step.left < step.needed


@SEEDS
def test_the_devices_that_cut_an_item_off_do_so_alone(seed: int) -> None:
    for estate, analysis in map(drawn, range(seed, seed + 60)):
        cables = [link for link in estate.links if link.relation == "LINKED_TO"]
        oracle = BruteForce(estate.items, cables, estate.include_planned)
        items = analysis.estate.items
        for at, border in analysis.borders.items():
            states = oracle.states({items[device].id: DOWN for device in border})
            assert states[items[at].id] == DOWN


@SEEDS
def test_more_failures_never_make_anything_better(seed: int) -> None:
    random = Random(seed)
    for _, analysis in map(drawn, range(seed, seed + 60)):
        items = analysis.estate.items
        given = {items[at].id: state for at, state in analysis.given.items()}
        worse = analyse(analysis.estate, {**random_failure(random, analysis.estate), **given})
        assert all(worse.state(at) >= state for at, state in analysis.states.items())


def test_without_the_failure_nothing_is_affected() -> None:
    for seed in range(200):
        assert analyse(drawn(seed)[1].estate, []).states == {}


def test_a_link_says_where_the_failure_comes_from() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db").link("db", "RUNS_ON", "host")
    rows = {row.id: row for row in drawing.answer("host").affected}
    assert rows["host"].because is None
    assert rows["shop"].because == Because("DEPENDS_ON:shop:db", "db")
    assert rows["shop"].path == ("host", "db", "shop")
    assert rows["shop"].distance == 2


def test_a_gate_is_as_far_as_the_member_that_made_it_fail() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "near", "far", gate="g")
    drawing.link("far", "RUNS_ON", "vm").link("vm", "HOSTED_ON", "host").link(
        "near", "RUNS_ON", "host"
    )
    row = {row.id: row for row in drawing.answer("host").affected}["shop"]
    assert row.path == ("host", "vm", "far", "shop")
    assert row.because == Because("DEPENDS_ON:shop:far", "far", gate="g")


def test_no_item_is_explained_by_itself() -> None:
    # y is down only because of the far end of the chain; x is down because of a and y together.
    drawing = Drawing().link("x", "DEPENDS_ON", "a", "y", gate="g").link("y", "DEPENDS_ON", "x")
    drawing.link("y", "DEPENDS_ON", "c1").link("c1", "DEPENDS_ON", "c2").link(
        "c2", "DEPENDS_ON", "b"
    )
    rows = {row.id: row for row in drawing.answer("a", "b").affected}
    assert rows["y"].path == ("b", "c2", "c1", "y")
    assert rows["x"].path == ("b", "c2", "c1", "y", "x")


def test_the_proof_of_a_gate_names_every_failed_member_and_what_was_needed() -> None:
    drawing = Drawing()
    for server, weight in (("web1", 2), ("web2", 1), ("web3", 1)):
        drawing.link("shop", "DEPENDS_ON", server, gate="web", min_up="75%", weight=weight)
    proof = explain(drawing.fail("web2", "web3"), "shop")
    step = proof.steps[0]
    assert [(member.id, member.weight) for member in step.failed] == [("web2", 1), ("web3", 1)]
    assert (step.left, step.needed, step.total) == (2, 3, 4)
    assert step.sentence == (
        "Server shop is down: its gate 'web' counts on Server web2 (down), Server web3 (down); "
        "2 of 4 left where 3 must serve."
    )
    assert [step.how for step in proof.steps] == ["gate", "given", "given"]


def test_the_proof_of_lost_redundancy_says_what_is_left() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "web1", "web2", gate="web")
    step = explain(drawing.fail("web1"), "shop").steps[0]
    assert (step.left, step.needed, step.total) == (1, 1, 2)
    assert step.sentence == (
        "Server shop is at risk: its gate 'web' counts on Server web1 (down); "
        "1 of 2 left, 1 must serve: redundancy is lost."
    )


def test_the_proof_of_a_soft_link_says_so() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "mail", soft=True)
    step = explain(drawing.fail("mail"), "shop").steps[0]
    assert step.soft
    assert (
        step.sentence
        == "Server shop is degraded: its DEPENDS_ON leads softly to Server mail (down)."
    )


def test_the_proof_of_a_cut_names_the_devices_that_did_it() -> None:
    drawing = Drawing().add("NetworkDevice", "core1", "core2", network_role="core")
    drawing.add("NetworkDevice", "dist", "access", network_role="access")
    drawing.link("dist", "LINKED_TO", "core1", "core2", "access").link("pc", "LINKED_TO", "access")
    analysis = drawing.fail("core1", "core2")
    row = {row.id: row for row in answer(analysis).affected}["pc"]
    assert row.path == ("core1", "dist", "access", "pc")
    assert row.because == Because("LINKED_TO:pc:access", "access", devices=("core1", "core2"))
    step = explain(analysis, "pc").steps[0]
    assert [member.id for member in step.failed] == ["core1", "core2"]
    assert step.sentence == (
        "Server pc is down: unreachable, cut off by NetworkDevice core1 (down), "
        "NetworkDevice core2 (down)."
    )


def test_the_proof_of_a_server_that_lost_one_of_its_devices_names_it() -> None:
    drawing = Drawing().add("NetworkDevice", "core", "edge", network_role="core")
    drawing.link("server", "LINKED_TO", "core", "edge")
    step = explain(drawing.fail("edge"), "server").steps[0]
    assert (step.state, step.how) == ("at_risk", "network")
    assert [member.id for member in step.failed] == ["edge"]
    assert "NetworkDevice edge (down) beside it is down" in step.sentence


def test_an_item_that_is_up_has_no_proof() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db")
    proof = explain(drawing.fail("shop"), "db")
    assert (proof.state, proof.steps, proof.truncated) == ("up", (), False)


def test_a_long_proof_is_cut_and_says_so() -> None:
    drawing = Drawing()
    for n in range(20):
        drawing.link(f"s{n + 1}", "DEPENDS_ON", f"s{n}")
    analysis = drawing.fail("s0")
    assert explain(analysis, "s20", limit=5).truncated
    assert len(explain(analysis, "s20", limit=5).steps) == 5
    assert not explain(analysis, "s20", limit=21).truncated


def test_only_what_is_there_is_explained() -> None:
    analysis = Drawing().link("shop", "DEPENDS_ON", "db").fail("db")
    with pytest.raises(UnknownItem):
        explain(analysis, "nobody")
    with pytest.raises(InvalidInput, match="1 or more"):
        explain(analysis, "shop", limit=0)
