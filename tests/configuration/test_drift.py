"""What is declared against what is seen, on both stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from cmdb.basis import basis_of
from cmdb.configuration.drift import Drift, drift
from cmdb.errors import InvalidInput, UnknownRelation
from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.service import Cmdb

NAMES = "shop orders search db cache owner".split()


async def _load(
    cmdb: Cmdb, source: str, names: Sequence[str], links: Sequence[tuple[str, str]]
) -> None:
    now = datetime.now(UTC)
    items = [
        ItemObservation(
            "Team" if name == "owner" else "ServiceInstance",
            (f"key:own/{name}",),
            source,
            now,
            {"name": name},
        )
        for name in names
    ]
    seen = [
        LinkObservation(
            "OWNED_BY" if end == "owner" else "DEPENDS_ON",
            f"key:own/{start}",
            f"key:own/{end}",
            source,
            now,
        )
        for start, end in links
    ]
    await cmdb.load(items, seen, new_run(source), reason="test")


@pytest.fixture
async def compared(cmdb: Cmdb) -> Cmdb:
    """Two sources: what is declared in a state, and what traces show."""
    declared = [("shop", "orders"), ("shop", "search"), ("orders", "db"), ("shop", "owner")]
    await _load(cmdb, "terraform", ("shop", "orders", "db", "search", "owner"), declared)
    seen = [("shop", "orders"), ("shop", "cache"), ("cache", "db")]
    await _load(cmdb, "traces", ("shop", "orders", "cache", "db"), seen)
    return cmdb


def _rows(found: Drift) -> list[tuple[str, str, str]]:
    return [
        (row.drift, row.start.name, row.end.name)
        for row in found.links
        if {row.start.name, row.end.name} <= set(NAMES)
    ]


async def test_links_are_told_by_who_declares_and_who_sees_them(compared: Cmdb) -> None:
    found = await drift(compared, limit=None)
    assert _rows(found) == [
        ("never_declared", "shop", "cache"),
        ("never_seen", "orders", "db"),
        ("never_seen", "shop", "search"),
    ]
    assert found.both == 1


async def test_of_what_nobody_looks_at_nothing_is_said(compared: Cmdb) -> None:
    """Nobody declares the cache: that nobody declares its link either says nothing."""
    before = (await drift(compared)).unjudged
    await _load(compared, "terraform", ("cache",), ())
    found = await drift(compared, limit=None)
    assert ("never_declared", "cache", "db") in _rows(found)
    assert found.unjudged == before - 1


async def test_links_that_carry_no_impact_are_judged_when_asked_for(compared: Cmdb) -> None:
    found = await drift(compared, relations=["OWNED_BY"], limit=None)
    assert _rows(found) == [("never_seen", "shop", "owner")]
    with pytest.raises(UnknownRelation):
        await drift(compared, relations=["OWNS"])


async def test_pages_put_together_are_the_whole(compared: Cmdb) -> None:
    whole = await drift(compared, limit=None)
    pages = [await drift(compared, limit=1, offset=at) for at in range(len(whole.links))]
    assert tuple(row for page in pages for row in page.links) == whole.links
    assert [page.truncated for page in pages] == [True] * (len(pages) - 1) + [False]
    with pytest.raises(InvalidInput, match="offset must be 0 or more"):
        await drift(compared, offset=-1)


async def test_one_side_can_be_asked_for(compared: Cmdb) -> None:
    found = await drift(compared, only="never_seen", limit=None)
    assert {row.drift for row in found.links} == {"never_seen"}
    assert found.never_declared == 1


async def test_a_link_says_what_it_rests_on(compared: Cmdb) -> None:
    shop = await compared.find("shop")
    bases = {end.name: end.basis for end in (await compared.show(shop)).links}
    assert bases == {
        "orders": "both",
        "search": "declared",
        "cache": "observed",
        "owner": "declared",
    }


async def test_what_a_source_no_longer_sees_does_not_count(compared: Cmdb) -> None:
    now = datetime.now(UTC)
    seen = ItemObservation(
        "ServiceInstance", ("key:own/shop",), "traces", now, {}, complete=("DEPENDS_ON",)
    )
    await compared.load([seen], [], new_run("traces"), reason="test")
    shop = await compared.find("shop")
    (link,) = [
        link
        for link in await compared.store.links([shop.id])
        if link.to_id == (await compared.find("orders")).id
    ]
    assert basis_of(link, compared.rules.policy) == "declared"
