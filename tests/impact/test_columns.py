"""An estate in columns is the estate of the same items and links, whatever led to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from cmdb.catalogue import builtin
from cmdb.items import Item, ItemReport, ItemStatus, Link, LinkReport, link_id
from impact import BlastRadius, answer, cone
from impact.analysis import analyse
from impact.columns.build import build_version
from impact.columns.draft import Draft
from impact.columns.follow import follow
from impact.columns.version import Version
from impact.compiled import found as found_by_kernels
from impact.compiled.found import FoundStates
from impact.estate import Estate
from impact.networkx_form import to_networkx
from impact.propagate import propagate, propagate_plainly
from impact.reasons import reasons_plainly
from impact.weak_points import WeakPoints, weak_points
from impact.what_if import altered
from tests.impact.comparing import answers, same_estates, shape
from tests.impact.random_estates import COMPARED, RandomEstate, random_estate, random_failure

ESTATES = COMPARED // 2

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def read(body: str, _: object) -> Item:
    return msgspec.json.decode(body, type=Item)


def in_columns(
    items: Iterable[Item], links: Iterable[Link], *, include_planned: bool = False
) -> Version:
    """The first version of these, read from their JSON as a store gives it."""
    draft = Draft()
    for item in items:
        draft.item(msgspec.json.encode(item).decode())
    draft.settle_items()
    for link in links:
        draft.link(msgspec.json.encode(link).decode())
    return build_version(
        draft, builtin(), read, revision=7, as_of=NOW, include_planned=include_planned
    )


def plainly(drawn: RandomEstate) -> Estate:
    return Estate.build(
        drawn.items,
        drawn.links,
        builtin(),
        revision=7,
        as_of=NOW,
        include_planned=drawn.include_planned,
    )


def seen(random: Random, drawn: RandomEstate) -> RandomEstate:
    """The same, reported by one or two sources at several times."""

    def times() -> list[datetime]:
        return [NOW.replace(day=random.randint(1, 24)) for _ in range(random.randint(0, 2))]

    items = [
        msgspec.structs.replace(
            item,
            reports=tuple(
                ItemReport(random.choice("xyz"), item.kind, (), at, at) for at in times()
            ),
        )
        for item in drawn.items
    ]
    links = [
        msgspec.structs.replace(
            link,
            confidence=random.choice((1.0, 1.0, 0.9, 0.3)),
            reports=tuple(LinkReport(random.choice("xyz"), "a", "b", at, at, at) for at in times()),
        )
        for link in drawn.links
    ]
    return RandomEstate(items, links, drawn.include_planned)


@pytest.mark.parametrize("part", range(5))
def test_columns_hold_the_same_estate(part: int) -> None:
    for seed in range(part * ESTATES // 5, (part + 1) * ESTATES // 5):
        random = Random(seed)
        drawn = seen(random, random_estate(random, random.choice((5, 8, 14, 30))))
        random.shuffle(drawn.items)
        plain = plainly(drawn)
        version = in_columns(drawn.items, drawn.links, include_planned=drawn.include_planned)
        estate = version.estate
        same_estates(plain, estate)
        for _ in range(2):
            failed = random_failure(random, plain)
            expected = answers(plain, failed)
            assert answers(estate, failed) == expected, seed
            given = {estate.index[item]: state for item, state in failed.items()}
            assert isinstance(propagate(estate, given), FoundStates)
            states = propagate_plainly(estate, given)
            assert {estate.items[i].id for i in reasons_plainly(estate, given, states)} == {
                *expected
            }


class Revised:
    """An estate that is edited at random, and the version that follows it."""

    def __init__(self, random: Random, drawn: RandomEstate) -> None:
        self.random = random
        self.include_planned = drawn.include_planned
        self.drawn = 0
        self.items = {item.id: item for item in drawn.items}
        self.links = {link.id: link for link in drawn.links}
        self.version = in_columns(drawn.items, drawn.links, include_planned=drawn.include_planned)

    def plain(self) -> Estate:
        return Estate.build(
            self.items.values(),
            self.links.values(),
            builtin(),
            revision=self.version.revision,
            as_of=NOW,
            include_planned=self.include_planned,
        )

    def revise(self) -> None:
        """One revision: items and links come, go and change."""
        random = self.random
        fresh = seen(random, random_estate(random, 30))
        names = {item.id: n for n, item in enumerate(fresh.items)}
        known = sorted(self.items)
        items: dict[str, Item] = {}
        for item in random.sample(fresh.items, random.randint(0, min(4, len(fresh.items)))):
            if random.random() < 0.7:
                to = random.choice(known)
            else:
                self.drawn += 1
                to = f"j{self.drawn:03}"  # after all others, as drawn ids are
            items[to] = msgspec.structs.replace(item, id=to)
        self.items |= items
        links: dict[str, Link] = {}
        ids = sorted(self.items)
        for link in random.sample(fresh.links, random.randint(0, min(6, len(fresh.links)))):
            one, other = (ids[names[end] % len(ids)] for end in (link.from_id, link.to_id))
            key = link_id(link.relation, one, other)
            links[key] = msgspec.structs.replace(link, id=key, from_id=one, to_id=other)
        for key in random.sample(sorted(self.links), min(3, len(self.links))):
            if random.random() < 0.5:
                status = random.choice(("active", "retired", "retired"))
                links[key] = msgspec.structs.replace(self.links[key], status=status)
        gone = {}
        if self.links and random.random() < 0.3:
            key = random.choice(sorted(self.links))
            gone[key] = self.links.pop(key)
            links.pop(key, None)
        self.links |= links
        self.version = follow(
            self.version,
            items.values(),
            links.values(),
            gone=gone.values(),
            revision=self.version.revision + 1,
            as_of=NOW,
        )


@pytest.mark.parametrize("part", range(5))
def test_a_version_that_followed_is_the_estate_built_anew(part: int) -> None:
    for seed in range(part * ESTATES // 5, (part + 1) * ESTATES // 5):
        random = Random(seed)
        drawn = seen(random, random_estate(random, random.choice((5, 14, 30))))
        revised = Revised(random, drawn)
        for _ in range(4):
            before = revised.version.estate
            as_it_was = shape(before)
            revised.revise()
            plain, estate = revised.plain(), revised.version.estate
            same_estates(plain, estate)
            failed = random_failure(random, plain)
            assert answers(estate, failed) == answers(plain, failed), seed
            assert shape(before) == as_it_was, "who reads the version before sees it change"


def test_a_weight_that_went_wrong_stays_found_when_something_else_changes() -> None:
    items = [Item(name, "Server", name, ItemStatus.ACTIVE) for name in "abc"]
    key = link_id("DEPENDS_ON", "a", "b")
    link = Link(key, "DEPENDS_ON", "a", "b")
    wrong = msgspec.structs.replace(link, weight=-2.0)
    other = Link(link_id("RUNS_ON", "a", "c"), "RUNS_ON", "a", "c")
    version = in_columns(items, [link])
    for number, change in enumerate((wrong, other), 8):
        version = follow(version, [], [change], gone=[], revision=number, as_of=NOW)
    plain = Estate.build(items, [wrong, other], builtin(), revision=9, as_of=NOW)
    assert [found.code for found in plain.findings] == ["weight_invalid"]
    same_estates(plain, version.estate)


@pytest.mark.parametrize("part", range(5))
def test_what_is_supposed_stays_apart(part: int) -> None:
    """Taken out and put in, it is the estate built so; and what follows knows nothing of it. Only
    that it still finds gates whose providers were retired long ago."""
    for seed in range(part * ESTATES // 5, (part + 1) * ESTATES // 5):
        random = Random(seed)
        drawn = seen(random, random_estate(random, random.choice((5, 14, 30))))
        revised = Revised(random, drawn)
        for _ in range(2):
            plain, estate = revised.plain(), revised.version.estate
            as_it_was = shape(estate)
            removed = random.sample([*plain.index], min(len(plain.index), random.randint(0, 3)))
            known = [link.id for link in plain.links]
            gone = random.sample(known, min(len(known), random.randint(0, 3)))
            items, links = added(random, [*plain.index], set(removed))
            expected, found = (
                altered(
                    given,
                    remove_items=removed,
                    remove_links=gone,
                    add_items=items,
                    add_links=links,
                )
                for given in (plain, estate)
            )
            same_estates(expected, found, but="findings")
            assert {*expected.findings} <= {*found.findings}
            assert shape(estate) == as_it_was
            revised.revise()
            same_estates(revised.plain(), revised.version.estate)


def added(random: Random, known: list[str], gone: set[str]) -> tuple[list[Item], list[Link]]:
    """A changed item, a new one, and links among those that are left."""
    fresh = seen(random, random_estate(random, 30))
    left = sorted({*known} - gone)
    new = msgspec.structs.replace(fresh.items[0], id="k000", status=ItemStatus.ACTIVE)
    items = [new]
    if left:
        changed = msgspec.structs.replace(fresh.items[-1], id=random.choice(left))
        items.append(msgspec.structs.replace(changed, status=ItemStatus.ACTIVE))
    ends = [*left, "k000"]
    links = {}
    for link in fresh.links[:3]:
        one, other = random.choice(ends), random.choice(ends)
        key = link_id(link.relation, one, other)
        links[key] = msgspec.structs.replace(link, id=key, from_id=one, to_id=other)
    return items, [*links.values()]


@pytest.mark.parametrize("part", range(5))
def test_whole_answers_are_the_same(part: int) -> None:
    """Gates that held, services, owners and weak evidence, too, and without that evidence."""
    met = 0
    for seed in range(part * ESTATES // 10, (part + 1) * ESTATES // 10):
        random = Random(seed)
        revised = Revised(random, seen(random, random_estate(random, 30)))
        revised.revise()
        plain, estate = revised.plain(), revised.version.estate
        failed = random_failure(random, plain)
        plain, estate = (replace(found, now=NOW + timedelta(days=40)) for found in (plain, estate))
        expected, found = (
            answer(analyse(given, failed), limit=None, second_run=True) for given in (plain, estate)
        )
        met += len(expected.weak_evidence)
        assert in_order(found) == in_order(expected), seed
    assert met


@pytest.mark.parametrize("part", range(5))
def test_weak_points_are_the_same(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where columns are asked for all of a layer, and answers are searched."""
    monkeypatch.setattr(cone, "AT_ONCE", 0)
    monkeypatch.setattr(found_by_kernels, "SEARCH_FROM", 0)
    met = 0
    for seed in range(part * ESTATES // 10, (part + 1) * ESTATES // 10):
        random = Random(seed)
        revised = Revised(random, seen(random, random_estate(random, 30)))
        for _ in range(2):
            plain, estate = revised.plain(), revised.version.estate
            if plain.index:
                target = random.choice([*plain.index])
                expected, found = (weak_points(e, target, limit=None) for e in (plain, estate))
                assert by_id(found) == by_id(expected), seed
                met += len(expected.weak_points)
            revised.revise()
    assert met


def by_id(found: WeakPoints) -> WeakPoints:
    """The answer with false redundancies in order of ids."""
    rows = sorted(found.false_redundancies, key=lambda row: (row.id, row.gate, row.members))
    return msgspec.structs.replace(found, false_redundancies=tuple(rows))


def in_order(found: BlastRadius) -> BlastRadius:
    """The answer with weak evidence in order of ids."""
    weak = sorted(found.weak_evidence, key=lambda row: (row.type, row.id))
    return msgspec.structs.replace(found, weak_evidence=tuple(weak))


@pytest.mark.parametrize("seed", range(20))
def test_the_networkx_form_is_the_same(seed: int) -> None:
    random = Random(seed)
    revised = Revised(random, seen(random, random_estate(random, 14)))
    revised.revise()
    plain, estate = revised.plain(), revised.version.estate
    failed = random_failure(random, plain)
    one, other = (to_networkx(given, analyse(given, failed)) for given in (plain, estate))
    assert {node: other.nodes[node] for node in other} == {node: one.nodes[node] for node in one}
    assert {edge: other.edges[edge] for edge in other.edges} == {
        edge: one.edges[edge] for edge in one.edges
    }

    def by_name(gates: list[dict[str, Any]]) -> list[Any]:
        return sorted((g["dependent"], g["form"], sorted(g["links"]), str(g)) for g in gates)

    assert by_name(one.graph["gates"]) == by_name(other.graph["gates"])
