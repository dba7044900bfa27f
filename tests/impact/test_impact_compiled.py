"""Kernels say what plain Python says, to the letter."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from cmdb.catalogue import builtin
from cmdb.items import Gate, Item, ItemStatus, Link, link_id
from impact import answer
from impact.analysis import analyse
from impact.compiled import choice
from impact.compiled.compile import compile_estate
from impact.compiled.engine import Engine
from impact.compiled.found import FoundReasons, FoundStates
from impact.estate import Estate
from impact.propagate import propagate_plainly
from impact.reasons import Reason, reasons_plainly
from impact.states import State
from tests.impact.random_estates import COMPARED, random_estate, random_failure

ESTATES = COMPARED


def engine(estate: Estate) -> Engine:
    graph = compile_estate(estate)
    assert graph is not None
    return Engine(graph)


def compile_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "COMPILE_FROM", 0)
    monkeypatch.setattr(choice, "COMPILE_AT_ONCE", 0)


def given(random: Random, estate: Estate) -> dict[int, State]:
    failure = random_failure(random, estate)
    return {estate.position(item): state for item, state in failure.items()}


def plainly(
    estate: Estate, failed: Mapping[int, State]
) -> tuple[dict[int, State], dict[int, Reason]]:
    states = propagate_plainly(estate, failed)
    return states, reasons_plainly(estate, failed, states)


def compiled(
    walker: Engine, estate: Estate, failed: Mapping[int, State]
) -> tuple[dict[int, State], dict[int, Reason]]:
    found = walker.walk(failed)
    return dict(FoundStates(found)), dict(FoundReasons(found, estate))


@pytest.mark.parametrize("part", range(10))
def test_states_and_reasons_are_those_of_plain_python(part: int) -> None:
    met: set[tuple[State, str]] = set()
    for seed in range(part * ESTATES // 10, (part + 1) * ESTATES // 10):
        random = Random(seed)
        estate = random_estate(random, random.choice((5, 8, 14, 30))).build()
        walker = engine(estate)
        for _ in range(3):  # the second and third find the buffers as the first left them
            failed = given(random, estate)
            states, reasons = plainly(estate, failed)
            assert compiled(walker, estate, failed) == (states, reasons), f"seed {seed}, {failed}"
            met.update((states[item], reason.how) for item, reason in reasons.items())
    assert met >= {(State.DOWN, "given"), (State.DEGRADED, "given"), (State.DOWN, "network")}
    assert met >= {(state, "gate") for state in (State.DOWN, State.DEGRADED, State.AT_RISK)}


def network(random: Random, devices: int, cables: int) -> Estate:
    """Network devices, one in twenty an anchor, with servers beside some."""
    items = [
        Item(
            f"d{n:03}",
            "NetworkDevice",
            f"d{n}",
            ItemStatus.ACTIVE,
            properties={"network_role": "core" if random.random() < 0.05 else "access"},
        )
        for n in range(devices)
    ]
    items += [Item(f"s{n:03}", "Server", f"s{n}", ItemStatus.ACTIVE) for n in range(devices // 2)]
    links: dict[str, Link] = {}
    for _ in range(cables):
        one, other = random.choice(items[:devices]).id, random.choice(items).id
        relation = random.choice(("LINKED_TO",) * 9 + ("DEPENDS_ON",))
        key = link_id(relation, one, other)
        links[key] = Link(key, relation, one, other)
    return Estate.build(items, links.values(), builtin())


@pytest.mark.parametrize("seed", range(30))
def test_detours_in_networks_are_those_of_plain_python(seed: int) -> None:
    random = Random(seed)
    estate = network(random, 60, random.randint(50, 160))
    walker = engine(estate)
    met: set[tuple[State, str]] = set()
    for _ in range(5):
        failed = dict.fromkeys(random.sample(range(60), random.randint(1, 12)), State.DOWN)
        states, reasons = plainly(estate, failed)
        assert compiled(walker, estate, failed) == (states, reasons)
        met.update((states[item], reason.how) for item, reason in reasons.items())
    assert met >= {(State.DOWN, "network"), (State.AT_RISK, "network")}


def test_layers_of_any_size_are_put_in_order() -> None:
    """A layer that is small, one large in itself, and one large in the estate."""
    widths = (40, 900, 3_000, 30_000)
    items = [Item(f"i{n:06}", "Server", "", ItemStatus.ACTIVE) for n in range(sum(widths))]
    random, links, start = Random(1), dict[str, Link](), 0
    order = random.sample(items, len(items))
    for above, width in pairwise(widths):
        for n in range(start + above, start + above + width):
            for _ in range(2):
                one, other = order[n].id, order[random.randrange(start, start + above)].id
                key = link_id("DEPENDS_ON", one, other)
                links[key] = Link(key, "DEPENDS_ON", one, other)
        start += above
    estate = Estate.build(items, links.values(), builtin())
    failed = dict.fromkeys((estate.position(item.id) for item in order[:40]), State.DOWN)
    walker = engine(estate)
    states, reasons = plainly(estate, failed)
    assert len(states) == sum(widths)
    assert compiled(walker, estate, failed) == (states, reasons)
    assert compiled(walker, estate, failed) == (states, reasons)


def test_threads_share_an_engine() -> None:
    random = Random(5)
    estate = random_estate(random, 400).build()
    walker = engine(estate)
    failures = [given(random, estate) for _ in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda failed: compiled(walker, estate, failed), failures))
    assert found == [plainly(estate, failed) for failed in failures]


def test_answers_are_the_same_whichever_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(40):
        random = Random(seed)
        drawn = random_estate(random, 12)
        estate, twin = drawn.build(), drawn.build()
        failure = random_failure(random, estate)
        plain = answer(analyse(estate, failure))
        with monkeypatch.context() as patch:
            compile_always(patch)
            analysis = analyse(twin, failure)
        assert isinstance(analysis.states, FoundStates)
        fast = answer(analysis)
        assert (fast.affected, fast.gates_held, fast.counts, fast.services, fast.owners) == (
            plain.affected,
            plain.gates_held,
            plain.counts,
            plain.services,
            plain.owners,
        )


def test_a_small_estate_is_never_compiled() -> None:
    estate = random_estate(Random(1), 8).build()
    estate.memo.walked = choice.PATIENCE
    assert choice.engine_of(estate) is None


def test_an_estate_is_compiled_once_plain_walks_took_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "COMPILE_FROM", 0)
    monkeypatch.setattr(choice, "PATIENCE", 5)
    items = [Item(n, "Server", n, ItemStatus.ACTIVE) for n in "abc"]
    link = Link(link_id("DEPENDS_ON", "a", "b"), "DEPENDS_ON", "a", "b")
    estate = Estate.build(items, [link], builtin())
    walks = [analyse(estate, ["b"]) for _ in range(4)]
    assert [isinstance(walk.states, FoundStates) for walk in walks] == [False] * 3 + [True]
    assert [dict(walk.states) for walk in walks] == [dict(walks[0].states)] * 4
    assert replace(estate, now=estate.now).memo is estate.memo


def test_weights_that_no_array_holds_are_left_to_plain_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compile_always(monkeypatch)
    items = [Item(n, "Server", n, ItemStatus.ACTIVE) for n in "abc"]
    links = [
        Link(
            link_id("DEPENDS_ON", "a", other),
            "DEPENDS_ON",
            "a",
            other,
            gate=Gate("g", "50%"),
            weight=weight,
        )
        for other, weight in (("b", 1e9), ("c", 1e-9))
    ]
    estate = Estate.build(items, links, builtin())
    assert compile_estate(estate) is None
    assert analyse(estate, ["b"]).states == {0: State.DOWN, 1: State.DOWN}
    assert analyse(estate, ["c"]).states == {0: State.AT_RISK, 2: State.DOWN}


def test_what_is_up_has_no_state_and_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    compile_always(monkeypatch)
    items = [Item(n, "Server", n, ItemStatus.ACTIVE) for n in "abc"]
    link = Link(link_id("DEPENDS_ON", "a", "b"), "DEPENDS_ON", "a", "b")
    analysis = analyse(Estate.build(items, [link], builtin()), ["b"])
    assert (len(analysis.states), sorted(analysis.states)) == (2, [0, 1])
    assert (2 in analysis.states, 2 in analysis.reasons, -1 in analysis.states) == (False,) * 3
    for mapping in (analysis.states, analysis.reasons):
        with pytest.raises(KeyError):
            mapping[2]
    assert analysis.path(0) == (1, 0)
