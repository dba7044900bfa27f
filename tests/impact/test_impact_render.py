"""Answers as sentences and trees, and as a networkx graph."""

from __future__ import annotations

from random import Random

import networkx as nx

from impact.analysis import analyse
from impact.blast_radius import answer, blast_radius
from impact.explain import explain
from impact.networkx_form import to_networkx
from impact.render import Node, proof_tree, sentence, tree
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate, random_failure


def estate() -> Drawing:
    drawing = Drawing().add("ServiceInstance", "checkout", criticality="critical")
    drawing.add("Team", "payments", on_call="+44 1").add("Hypervisor", "hv")
    drawing.add("VirtualMachine", *(f"vm{n}" for n in range(7)))
    for n in range(7):
        drawing.link(f"vm{n}", "HOSTED_ON", "hv")
        drawing.link("checkout", "DEPENDS_ON", f"vm{n}", gate="web", min_up=2)
    drawing.link("report", "DEPENDS_ON", "checkout", soft=True)
    drawing.link("audit", "DEPENDS_ON", "hv", "backup", gate="store")
    return drawing.link("checkout", "OWNED_BY", "payments")


def lines(nodes: list[Node], depth: int = 0) -> list[str]:
    return [
        line
        for node in nodes
        for line in ("  " * depth + node.label, *lines(node.children, depth + 1))
    ]


def test_the_sentence_says_how_much_which_service_why_and_whom_to_call() -> None:
    assert sentence(estate().answer("hv")) == (
        "Hypervisor hv fails: counted with it, 9 items go down, 1 degrades and 1 is at risk. "
        "ServiceInstance checkout (critical) is down because VirtualMachine vm5 is down, "
        "2 steps from Hypervisor hv. Call Team payments (+44 1)."
    )


def test_the_sentence_of_a_failure_without_consequences() -> None:
    drawing = Drawing().add("Server", "a", "b", "c", "d")
    assert sentence(drawing.answer("a")) == "Server a fails: nothing else is affected."
    assert sentence(drawing.answer("a", "b")).startswith("Server a and Server b fail: nothing")
    assert sentence(drawing.answer("a", "b", "c", "d")).startswith("4 items fail: nothing")
    assert sentence(drawing.answer()) == "Nothing failed, so nothing is affected."


def test_the_sentence_of_a_service_that_fails_itself() -> None:
    assert "ServiceInstance checkout (critical) is down. Call" in sentence(
        estate().answer("checkout")
    )


def test_the_sentence_stands_when_the_lists_are_cut() -> None:
    assert sentence(estate().answer("hv", limit=1)).startswith("Hypervisor hv fails: counted")
    assert sentence(estate().answer("hv", limit=0)).startswith("hv fails: counted with it, 9 items")


def test_a_single_item_is_counted_as_one() -> None:
    drawing = Drawing().link("a", "DEPENDS_ON", "b", soft=True)
    assert "1 item goes down and 1 degrades" in sentence(drawing.answer("b"))


def test_siblings_alike_are_drawn_as_one() -> None:
    assert lines(tree(estate().answer("hv"))) == [
        "Hypervisor hv down",
        "  7 VirtualMachine down (HOSTED_ON)",
        "    ServiceInstance checkout down (DEPENDS_ON, gate web)",
        "      Server report degraded (DEPENDS_ON)",
        "  Server audit at risk (DEPENDS_ON, gate store)",
    ]
    assert len(lines(tree(estate().answer("hv"), siblings=7))) == 11


def test_every_affected_item_is_behind_one_node() -> None:
    def count(nodes: list[Node]) -> int:
        return sum(node.count + count(node.children) for node in nodes)

    random = Random(2)
    for _ in range(200):
        built = random_estate(random).build()
        found = blast_radius(built, random_failure(random, built))
        for siblings in (0, 1, 5):
            assert count(tree(found, siblings=siblings)) == len(found.affected)


def test_what_the_network_cut_off_is_unreachable_in_the_tree() -> None:
    drawing = Drawing().add("NetworkDevice", "core1", "core2", network_role="core")
    drawing.add("NetworkDevice", "dist").link("dist", "LINKED_TO", "core1", "core2")
    assert lines(tree(drawing.answer("core1", "core2"))) == [
        "NetworkDevice core1 down",
        "  NetworkDevice dist down (unreachable) - cut off by 2 devices",
        "NetworkDevice core2 down",
    ]


def test_the_proof_is_a_tree_that_draws_each_item_out_once() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "a", "b", gate="g")
    drawing.link("a", "RUNS_ON", "vm").link("b", "RUNS_ON", "vm").link("vm", "HOSTED_ON", "hv")
    drawing.link("shop", "DEPENDS_ON", "mail", soft=True)
    proof = proof_tree(explain(drawing.fail("hv"), "shop"))
    assert lines([proof]) == [
        "Server shop down (gate g) - 0 of 2 left, 1 needed",
        "  Server a down (RUNS_ON)",
        "    Server vm down (HOSTED_ON)",
        "      Server hv down - failed itself",
        "  Server b down (RUNS_ON)",
        "    Server vm down - see above",
    ]


def test_the_proof_marks_what_it_does_not_need() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "a", "b", gate="g", min_up=2)
    drawing.link("b", "DEPENDS_ON", "shop")
    proof = proof_tree(explain(drawing.fail("a"), "shop"))
    assert lines([proof])[1:] == [
        "  Server a down - failed itself",
        "  Server b down - fails later or for the same reason",
    ]


def test_the_proof_of_an_item_that_is_up_is_one_line() -> None:
    drawing = Drawing().link("shop", "DEPENDS_ON", "db")
    proof = proof_tree(explain(drawing.fail("shop"), "db"))
    assert lines([proof]) == ["Server db up - nothing that failed reaches it"]


def test_the_networkx_form_has_items_links_gates_and_states() -> None:
    drawing = estate().link("checkout", "LINKED_TO", "report")
    built = drawing.estate()
    analysis = analyse(built, ["hv"])
    graph = to_networkx(built, analysis)
    assert graph.nodes["checkout"]["state"] == "down"
    assert graph.nodes["backup"]["state"] == "up"
    assert graph.nodes["checkout"]["properties"] == {"criticality": "critical"}
    assert "state" not in to_networkx(built).nodes["checkout"]
    edge = graph.edges["checkout", "vm0", "DEPENDS_ON:checkout:vm0"]
    assert (edge["relation"], edge["gate"], edge["impact"]) == ("DEPENDS_ON", "web", "to_from")
    assert graph.number_of_edges() == len(drawing.links)
    gate = next(g for g in graph.graph["gates"] if g["gate"] == "web")
    assert (gate["dependent"], gate["needed"], gate["total"]) == ("checkout", 2, 7)
    assert gate["members"] == {f"vm{n}": 1 for n in range(7)}


def test_without_gates_what_is_down_is_what_networkx_reaches() -> None:
    random = Random(4)
    for _ in range(100):
        drawing = Drawing()
        names = [f"n{n}" for n in range(12)]
        for _ in range(18):
            drawing.link(random.choice(names), "DEPENDS_ON", random.choice(names))
        built = drawing.estate()
        failed = random.choice([item.id for item in built.items])
        graph = to_networkx(built)
        reached = nx.ancestors(graph, failed) | {failed}
        found = answer(analyse(built, [failed], State.DOWN))
        assert {row.id for row in found.affected if row.state == "down"} == reached
        lengths = nx.single_source_shortest_path_length(graph.reverse(), failed)
        assert {row.id: row.distance for row in found.affected} == dict(lengths)
