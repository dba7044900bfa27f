"""An estate in columns is the estate of the same items and links, whatever led to it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest

from cmdb.catalogue import builtin
from cmdb.items import Item, ItemReport, Link, LinkReport
from impact.columns.build import build_version
from impact.columns.draft import Draft
from impact.columns.version import Version
from impact.compiled.found import FoundStates
from impact.estate import Estate
from impact.propagate import propagate, propagate_plainly
from impact.reasons import reasons_plainly
from tests.impact.comparing import answers, same_estates
from tests.impact.random_estates import RandomEstate, random_estate, random_failure

ESTATES = int(os.environ.get("CMDB_TEST_ESTATES", "1000")) // 2

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
            reports=tuple(
                LinkReport(random.choice("xyz"), "a", "b", at, at, at) for at in times()
            ),
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
