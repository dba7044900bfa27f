"""DESIGN §4, sentence by sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput, Refused
from cmdb.items import ItemStatus
from cmdb.operations import merge_items, revert, unmerge_item
from cmdb.reconcile.items import Rules
from cmdb.reconcile.policy import Policy
from cmdb.revisions import RunStatus
from cmdb.store.port import Store
from cmdb.views import item_view
from tests.reconcile.estate import RULES, at, everything, host, load, only, shape, uses


async def test_the_same_observations_twice_make_no_second_revision(store: Store) -> None:
    seen = [host("serial:A1", "fqdn:a.example.org", name="a")]
    links = [uses("fqdn:a.example.org", "fqdn:b.example.org")]
    first = await load(store, seen, links)
    second = await load(store, seen, links)
    assert (len(first.revisions), len(second.revisions)) == (2, 0)


async def test_a_later_run_that_sees_the_same_only_moves_the_time(store: Store) -> None:
    await load(store, [host("serial:A1", name="a")])
    again = await load(store, [host("serial:A1", name="a", day=1)])
    assert again.revisions == []
    assert (await only(store, "serial:A1")).last_seen == at(1)


async def test_a_rename_is_not_a_new_item(store: Store) -> None:
    await load(store, [host("serial:A1", "fqdn:old.example.org", name="old")])
    before = await only(store, "serial:A1")
    await load(store, [host("serial:A1", "fqdn:new.example.org", name="new", day=1)])
    after = await only(store, "serial:A1")
    assert (after.id, after.name) == (before.id, "new")
    assert after.former_identifiers == ("fqdn:old.example.org",)
    assert (await store.owners(["fqdn:old.example.org"]))["fqdn:old.example.org"].state == "former"


async def test_a_reused_ip_is_not_the_old_item(store: Store) -> None:
    await load(store, [host("serial:A1", "ip:default/10.0.0.5")])
    await load(store, [host("serial:B2", "ip:default/10.0.0.5", day=1)])
    old, new = await only(store, "serial:A1"), await only(store, "serial:B2")
    assert old.id != new.id
    assert "ip:default/10.0.0.5" in new.identifiers
    assert "ip:default/10.0.0.5" not in (*old.identifiers, *old.former_identifiers)


async def test_a_machine_id_that_clones_share_identifies_nobody(store: Store) -> None:
    clone = "machine-id:0123456789abcdef0123456789abcdef"
    await load(store, [host("mac:52:54:00:00:00:01", clone), host("mac:52:54:00:00:00:02", clone)])
    items, _, _ = await everything(store)
    assert len(items) == 2
    assert await store.shared_identifiers() == [clone]
    assert all(clone not in item.identifiers for item in items)


async def test_a_clone_found_out_later_parts_what_it_had_joined(store: Store) -> None:
    clone = "machine-id:0123456789abcdef0123456789abcdef"
    await load(store, [host(clone, "fqdn:c.example.org", source="agent")])
    await load(store, [host("serial:A1", clone)])
    assert len((await everything(store))[0]) == 1
    await load(store, [host("serial:B2", clone)])
    assert len((await everything(store))[0]) == 3


async def test_a_weak_identifier_yields_to_a_stronger_contradiction(store: Store) -> None:
    await load(store, [host("serial:A1", "fqdn:web.example.org")])
    await load(store, [host("serial:B2", "fqdn:web.example.org", source="other", day=1)])
    assert (await only(store, "serial:A1")).id != (await only(store, "fqdn:web.example.org")).id


async def test_two_items_found_to_be_one_are_merged_with_a_record(store: Store) -> None:
    await load(store, [host("serial:A1", name="a"), host("mac:52:54:00:00:00:01", source="nmap")])
    one, two = await only(store, "serial:A1"), await only(store, "mac:52:54:00:00:00:01")
    await load(store, [host("serial:A1", "mac:52:54:00:00:00:01", source="agent", day=1)])
    merged = await only(store, "serial:A1")
    stub = (await store.items([one.id, two.id]))[max(one.id, two.id)]
    assert merged.id == min(one.id, two.id)
    assert stub.merged_into == merged.id
    assert stub.status is ItemStatus.RETIRED
    assert merged.sources == ("agent", "nmap", "scan")
    _, edit = (await store.history(stub.id))[0]
    assert "serial:A1" in edit.reason or "mac:52:54:00:00:00:01" in edit.reason


async def test_links_follow_their_ends_through_a_merge(store: Store) -> None:
    await load(
        store,
        [host("serial:A1"), host("mac:52:54:00:00:00:01", source="nmap"), host("serial:C3")],
        [uses("serial:C3", "mac:52:54:00:00:00:01", source="nmap"), uses("serial:C3", "serial:A1")],
    )
    await load(store, [host("serial:A1", "mac:52:54:00:00:00:01", source="agent", day=1)])
    merged = await only(store, "serial:A1")
    links = await store.links([merged.id])
    assert [(link.to_id, link.sources) for link in links] == [(merged.id, ("nmap", "scan"))]


async def test_every_sources_value_is_kept_and_precedence_chooses(store: Store) -> None:
    await load(store, [host("serial:A1", source="operator", name="by hand")])
    await load(store, [host("serial:A1", source="scan", day=1, name="scanned")])
    item = await only(store, "serial:A1")
    assert item.name == "by hand"
    assert {r.source: r.values["name"] for r in item.reports} == {
        "operator": "by hand",
        "scan": "scanned",
    }


async def test_of_equal_sources_the_one_that_changed_last_wins(store: Store) -> None:
    await load(store, [host("serial:A1", source="one", model="X")])
    await load(store, [host("serial:A1", source="two", day=1, model="Y")])
    assert (await only(store, "serial:A1")).properties["model"] == "Y"


async def test_sources_never_flip_flop_a_value_run_after_run(store: Store) -> None:
    await load(store, [host("serial:A1", source="one", model="X")])
    await load(store, [host("serial:A1", source="two", day=1, model="Y")])
    later = [
        await load(store, [host("serial:A1", source=source, day=day, model=model)])
        for day in range(2, 8)
        for source, model in (("one", "X"), ("two", "Y"))
    ]
    assert [loaded.revisions for loaded in later] == [[]] * 12
    assert (await only(store, "serial:A1")).properties["model"] == "Y"


async def test_a_source_that_has_gone_stale_yields(store: Store) -> None:
    await load(store, [host("serial:A1", source="operator", model="trusted but silent")])
    await load(store, [host("serial:A1", source="scan", day=1, model="seen")])
    assert (await only(store, "serial:A1")).properties["model"] == "trusted but silent"
    await load(store, [host("serial:A1", source="scan", day=30, model="seen")])
    assert (await only(store, "serial:A1")).properties["model"] == "seen"


@pytest.mark.parametrize(
    ("stale_after", "expected"),
    [({}, "scan"), ({"books": 90}, "books"), ({"books/Server": 90}, "books"),
     ({"books": 90, "books/Server": 3}, "scan"), ({"books/Location": 90}, "scan")],
)  # fmt: skip
async def test_how_long_a_source_may_be_silent_can_be_its_own_matter(
    store: Store, stale_after: dict[str, int], expected: str
) -> None:
    """Bookkeeping is trusted more, and its word a month old; a server's grows stale in days."""
    silences = {name: timedelta(days=days) for name, days in stale_after.items()}
    policy = Policy(("books", "scan"), touch_after=timedelta(0), stale_after=silences)
    rules = Rules(builtin(), policy)
    await load(store, [host("serial:A1", source="books", name="books")], rules=rules)
    await load(store, [host("serial:A1", day=30, name="scan")], day=30, rules=rules)
    item = await only(store, "serial:A1")
    assert item.name == expected
    seen = item_view(item, (), rules, at(31))
    (name,) = [one for one in seen.provenance if one.property == "name"]
    by_source = {claim.source: claim.stale for claim in (name.winner, *name.others)}
    assert by_source == {"scan": False, "books": expected == "scan"}


async def test_a_link_to_an_unseen_end_waits_and_joins(store: Store) -> None:
    loaded = await load(store, [host("serial:A1")], [uses("serial:A1", "fqdn:db.example.org")])
    assert loaded.run.counts["waiting"] == 1
    assert [w.report.to_key for w in loaded.waiting] == ["fqdn:db.example.org"]
    joined = await load(store, [host("serial:B2", "fqdn:db.example.org")])
    assert joined.run.counts["joined"] == 1
    assert await store.waiting() == []
    (link,) = await store.links([(await only(store, "serial:A1")).id])
    assert link.to_id == (await only(store, "serial:B2")).id


async def test_what_a_full_scope_run_no_longer_sees_is_missing_then_retired(store: Store) -> None:
    both = [host("serial:A1"), host("serial:B2")]
    await load(store, both, [uses("serial:A1", "serial:B2")], full_scope=True)
    await load(store, [host("serial:A1", day=1)], full_scope=True, day=1)
    assert (await only(store, "serial:B2")).status is ItemStatus.MISSING
    await load(store, [host("serial:A1", day=5)], full_scope=True, day=5)
    assert (await only(store, "serial:B2")).status is ItemStatus.MISSING
    await load(store, [host("serial:A1", day=9)], full_scope=True, day=9)
    assert (await only(store, "serial:B2")).status is ItemStatus.RETIRED
    (link,) = await store.links([(await only(store, "serial:A1")).id], include_retired=True)
    assert link.status == "retired"


async def test_what_comes_back_is_the_same_item(store: Store) -> None:
    await load(store, [host("serial:A1"), host("serial:B2")], full_scope=True)
    lost = await only(store, "serial:B2")
    await load(store, [host("serial:A1", day=1)], full_scope=True, day=1)
    back = await load(store, [host("serial:B2", day=2)], day=2)
    assert back.run.counts["returned"] == 1
    found = await only(store, "serial:B2")
    assert (found.id, found.status) == (lost.id, ItemStatus.ACTIVE)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.PARTIAL])
async def test_a_run_that_failed_or_was_partial_retires_nothing(
    store: Store, status: RunStatus
) -> None:
    await load(store, [host("serial:A1"), host("serial:B2")], full_scope=True)
    await load(store, [host("serial:A1", day=20)], full_scope=True, day=20, status=status)
    assert (await only(store, "serial:B2")).status is ItemStatus.ACTIVE


async def test_a_run_over_one_scope_leaves_the_others_alone(store: Store) -> None:
    await load(store, [host("serial:A1", scope="north")], scope="north", full_scope=True)
    await load(store, [host("serial:B2", scope="south")], scope="south", full_scope=True)
    await load(store, [], scope="north", full_scope=True, day=1)
    assert (await only(store, "serial:A1")).status is ItemStatus.MISSING
    assert (await only(store, "serial:B2")).status is ItemStatus.ACTIVE


async def test_an_item_that_another_source_still_sees_stays(store: Store) -> None:
    await load(store, [host("serial:A1", source="one")], source="one", full_scope=True)
    await load(store, [host("serial:A1", source="two")], source="two")
    await load(store, [], source="one", full_scope=True, day=1)
    item = await only(store, "serial:A1")
    assert item.status is ItemStatus.ACTIVE
    assert [r.missing_since is None for r in item.reports] == [False, True]


async def test_merging_by_hand_and_unmerging_restores(store: Store) -> None:
    await load(
        store,
        [host("serial:A1", name="a"), host("fqdn:b.example.org", name="b"), host("serial:C3")],
        [uses("serial:C3", "fqdn:b.example.org")],
    )
    before = await shape(store)
    one, two = await only(store, "serial:A1"), await only(store, "fqdn:b.example.org")
    merged = await merge_items(store, RULES, one, two, "tester", "")
    assert {*one.identifiers, *two.identifiers} <= {*merged.identifiers}
    absorbed = one if merged.id == two.id else two
    await unmerge_item(store, RULES, absorbed, "tester", "")
    after = await shape(store)
    restored = await only(store, "fqdn:b.example.org")
    assert (restored.id, restored.status) == (two.id, ItemStatus.ACTIVE)
    assert [row[:5] for row in after[0]] == [row[:5] for row in before[0]]  # type: ignore[attr-defined]  # a shape is a tuple of lists
    assert after[1:] == before[1:]


async def test_what_was_unmerged_stays_apart_when_seen_again(store: Store) -> None:
    bridge = host("serial:A1", "fqdn:b.example.org", source="wrong", day=1)
    await load(store, [host("serial:A1", name="a"), host("fqdn:b.example.org", name="b")])
    await load(store, [bridge])
    items, _, _ = await everything(store)
    absorbed = next(i for i in items if i.merged_into)
    await unmerge_item(store, RULES, absorbed, "tester", "")
    await load(store, [bridge])
    one, two = await only(store, "serial:A1"), await only(store, "fqdn:b.example.org")
    assert one.id != two.id


async def test_things_of_different_families_are_never_merged(store: Store) -> None:
    await load(store, [host("serial:A1")])
    await load(store, [host("key:wms/1", kind="Location", source="wms")])
    with pytest.raises(InvalidInput, match="can't be one thing"):
        await merge_items(
            store, RULES, await only(store, "serial:A1"), await only(store, "key:wms/1"), "me", ""
        )


async def test_an_observation_that_nothing_identifies_is_listed(store: Store) -> None:
    loaded = await load(store, [host("serial:TO BE FILLED BY O.E.M.")])
    assert [r.reason for r in loaded.rejected] == [
        "none of its identifiers identifies it alone: serial:TO BE FILLED BY O.E.M."
    ]


async def test_a_more_specific_kind_wins_over_its_parent(store: Store) -> None:
    await load(store, [host("key:pg/1", "endpoint:x/tcp/10.0.0.1:5432", kind="SoftwareInstance")])
    await load(
        store, [host("endpoint:x/tcp/10.0.0.1:5432", kind="DatabaseInstance", source="db", day=-1)]
    )
    assert (await only(store, "key:pg/1")).kind == "DatabaseInstance"


@pytest.mark.parametrize("first", ["Server", "NetworkDevice"])
async def test_a_source_that_knows_what_it_is_wins_in_any_order(store: Store, first: str) -> None:
    seen = {
        "Server": host("mac:52:54:00:aa:00:01", kind="Server", source="a"),
        "NetworkDevice": host("mac:52:54:00:aa:00:01", kind="NetworkDevice", source="b"),
    }
    for kind in (first, *(seen.keys() - {first})):
        await load(store, [seen[kind]])
    assert (await only(store, "mac:52:54:00:aa:00:01")).kind == "NetworkDevice"
    trusted = host("mac:52:54:00:aa:00:01", kind="Server", source="operator", day=1)
    await load(store, [trusted])
    assert (await only(store, "mac:52:54:00:aa:00:01")).kind == "Server"


async def test_a_revert_restores_what_the_revision_found(store: Store) -> None:
    await load(store, [host("serial:A1", name="a")])
    before = await only(store, "serial:A1")
    await load(store, [host("serial:A1", name="b", day=1)])
    done = await revert(store, 2, "tester")
    assert done.revision is not None
    after = await only(store, "serial:A1")
    assert (after.name, after.reports) == (before.name, before.reports)
    assert done.revision.number == 3


async def test_a_revert_is_refused_where_something_was_edited_since(store: Store) -> None:
    await load(store, [host("serial:A1", name="a")])
    await load(store, [host("serial:A1", name="b", day=1)])
    with pytest.raises(Refused, match=r"edited again since: a \(revision 2\)"):
        await revert(store, 1, "tester")


async def test_reverting_a_creation_frees_its_identifiers(store: Store) -> None:
    await load(store, [host("serial:A1", name="a")], [uses("serial:A1", "serial:Z9")])
    await revert(store, 2, "tester")
    assert await store.waiting() == []
    await revert(store, 1, "tester")
    assert await store.owners(["serial:A1"]) == {}


@pytest.mark.parametrize("first", ["inside", "outside"])
async def test_a_source_may_come_behind_all_that_are_not_named(store: Store, first: str) -> None:
    rules = Rules(builtin(), Policy(("books", "*", "outside")))
    others = ["outside" if first == "inside" else "inside", "books"]
    for day, source in enumerate([first, *others]):
        seen = host(
            "serial:A1", source=source, day=day, model=source if source != "books" else None
        )
        await load(store, [seen], source=source, rules=rules)
    assert (await only(store, "serial:A1")).properties["model"] == "inside"
