"""Who may agree to a change: nobody who has a part in it, and nobody twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cmdb.changes.approvals import approvals_of, authority, state
from cmdb.changes.changes import (
    decide_change,
    edit_change,
    schedule_change,
    submit_change,
)
from cmdb.errors import InvalidInput, RecordChanged, Refused
from cmdb.ingest import new_run
from cmdb.items import Item, LinkObservation
from cmdb.records.actor import Actor
from cmdb.records.records import Edit
from cmdb.service import Cmdb
from tests.changes.conftest import ASKER, BOARD, MAKER, OWNER, PEER, person, planned
from tests.incidents.conftest import NOW

ALL = """
[[rule]]
name = "all"
authorities = ["peer", "owner", "cab", "manager"]
"""


@pytest.fixture
async def strict(shop: Cmdb, tmp_path: Path) -> Cmdb:
    """The shop, where every change takes everybody's word."""
    path = tmp_path / "policy.toml"
    path.write_text(ALL)
    shop.settings = shop.settings.model_copy(update={"change_policy": path})
    return shop


async def asked(cmdb: Cmdb, *items: str, actor: Actor = ASKER, **values: Any) -> Item:
    made = await planned(cmdb, *items, actor=actor, **values)
    return await submit_change(cmdb, made.id, actor)


async def all_mighty(cmdb: Cmdb) -> None:
    """Asker, maker and opener are on the board, managers and owners."""
    people = [
        person(name, name.title(), "cab", "change_manager")
        for name in ("asker", "maker", "opener", "both")
    ]
    links = [
        LinkObservation("BELONGS_TO", f"email:{n}@example.org", "key:scan/Shop team", "scan", NOW)
        for n in ("asker", "maker", "opener", "both")
    ]
    await cmdb.load(people, links, new_run("scan"), reason="scan")


@pytest.mark.parametrize("name", ["peer", "owner", "cab", "manager"])
@pytest.mark.parametrize(
    ("who", "part"),
    [("asker", "asked for it"), ("opener", "opened it"), ("maker", "makes it")],
)
@pytest.mark.parametrize("by", ["login", "email", "name"])
async def test_nobody_with_a_part_in_it_agrees_in_any_authority(
    strict: Cmdb, name: str, who: str, part: str, by: str
) -> None:
    await all_mighty(strict)
    made = await asked(strict, "web", actor=Actor("opener"), requested_by="asker")
    called = {"login": who, "email": f"{who}@example.org", "name": who.title()}[by]
    with pytest.raises(Refused, match=part) as refused:
        await decide_change(strict, made.id, Actor(called), approve=True, authority=name)
    assert "Both" in refused.value.message, "it says who could"
    assert {state(a) for a in await approvals_of(strict, made.id)} == {"requested"}


async def test_nobody_agrees_twice_not_even_by_another_name(strict: Cmdb) -> None:
    await all_mighty(strict)
    made = await asked(strict, "web")
    await decide_change(strict, made.id, Actor("both"), approve=True, authority="peer")
    for called in ("both", "both@example.org", "Both"):
        with pytest.raises(Refused, match="agreed to it once"):
            await decide_change(strict, made.id, Actor(called), approve=True)


@pytest.mark.parametrize(
    ("who", "name", "said"),
    [
        (PEER, "owner", "can't speak for owner. .* owner: Olga Owner"),
        (PEER, "cab", "can't speak for cab. .* cab: Bea Board"),
        (OWNER, "manager", "can't speak for manager. .* manager: Max Manager"),
        (Actor("stranger"), "peer", "nobody that is known here"),
        (PEER, "policy", "waits for no approval of policy, but of"),
    ],
)
async def test_authority_is_needed(strict: Cmdb, who: Actor, name: str, said: str) -> None:
    made = await asked(strict, "web")
    with pytest.raises(Refused, match=said):
        await decide_change(strict, made.id, who, approve=True, authority=name)


async def test_without_a_name_it_is_what_they_can_speak_for(strict: Cmdb) -> None:
    made = await asked(strict, "web")
    await decide_change(strict, made.id, PEER, approve=True, comment="Looks right.")
    await decide_change(strict, made.id, OWNER, approve=True)
    given = {
        authority(a): a.properties.get("decided_by")
        for a in await approvals_of(strict, made.id)
        if state(a) == "approved"
    }
    assert given == {"peer": "peer", "owner": "olga"}


async def test_an_owner_is_one_of_what_is_hit(strict: Cmdb) -> None:
    """Nobody owns db, but the shop that goes down with it is Olga's team's."""
    made = await asked(strict, "db")
    await decide_change(strict, made.id, OWNER, approve=True, authority="owner")
    other = await asked(
        strict, "spare", start_date="2031-01-01T00:00Z", end_date="2031-01-02T00:00Z"
    )
    with pytest.raises(Refused, match="owner: nobody known"):
        await decide_change(strict, other.id, OWNER, approve=True, authority="owner")


async def test_a_rejection_needs_a_word_and_sends_it_back(strict: Cmdb) -> None:
    made = await asked(strict, "web")
    await decide_change(strict, made.id, PEER, approve=True, authority="peer")
    with pytest.raises(InvalidInput, match="Say why"):
        await decide_change(strict, made.id, BOARD, approve=False)
    made = await decide_change(strict, made.id, BOARD, approve=False, comment="Not before Easter.")
    assert made.properties["state"] == "new"
    found = {authority(a): state(a) for a in await approvals_of(strict, made.id)}
    assert found == {
        "cab": "rejected",
        "peer": "not_required",
        "owner": "not_required",
        "manager": "not_required",
    }
    made = await submit_change(strict, made.id, ASKER)
    states = sorted(state(a) for a in await approvals_of(strict, made.id))
    assert states.count("requested") == 4


async def test_who_agreed_can_not_come_to_make_it(strict: Cmdb) -> None:
    made = await asked(strict, "web")
    await decide_change(strict, made.id, PEER, approve=True, authority="peer")
    for name in ("peer", "peer@example.org", "Pia Peer"):
        with pytest.raises(Refused, match="can't be who makes it"):
            await edit_change(strict, made.id, Edit(values={"assigned_to": name}), ASKER)
    await edit_change(strict, made.id, Edit(values={"assigned_to": "somebody else"}), ASKER)


async def test_of_two_that_agree_at_once_each_counts_once(strict: Cmdb) -> None:
    await all_mighty(strict)
    made = await asked(strict, "web")
    done = await asyncio.gather(
        *(
            decide_change(strict, made.id, Actor("both"), approve=True, authority=name)
            for name in ("peer", "cab", "owner", "manager")
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(d, Item) for d in done) == 1
    assert all(isinstance(d, Item | Refused) for d in done)
    given = [a for a in await approvals_of(strict, made.id) if state(a) == "approved"]
    assert len(given) == 1


async def test_two_people_who_agree_at_once_both_count(strict: Cmdb) -> None:
    made = await asked(strict, "web")
    await asyncio.gather(
        decide_change(strict, made.id, PEER, approve=True, authority="peer"),
        decide_change(strict, made.id, BOARD, approve=True, authority="cab"),
    )
    given = {authority(a) for a in await approvals_of(strict, made.id) if state(a) == "approved"}
    assert given == {"peer", "cab"}
    made = (await strict.store.items([made.id]))[made.id]
    assert len(made.properties["work_notes"]) == 2  # type: ignore[arg-type]  # a list of strings


async def test_who_says_what_they_have_seen_is_told_what_moved(strict: Cmdb) -> None:
    made = await asked(strict, "web")
    await decide_change(strict, made.id, PEER, approve=True, authority="peer")
    with pytest.raises(RecordChanged):
        await decide_change(strict, made.id, BOARD, approve=True, expected=made.revision)


async def test_nothing_is_decided_twice(shop: Cmdb) -> None:
    made = await asked(shop, "spare")
    with pytest.raises(Refused, match="waits for no approval"):
        await decide_change(shop, made.id, PEER, approve=True)
    await schedule_change(shop, made.id, MAKER)
