"""The demo estate: valid to the catalogue, deterministic, sized as asked, flawed as described."""

from __future__ import annotations

import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from cmdb.catalogue import Category, builtin
from cmdb.demo import Highlight, demo_observations, highlights, smallest_estate
from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.identity.junk import junk_reason
from cmdb.items import ItemObservation, LinkObservation, Observation
from cmdb.items.value import check_value

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CATALOGUE = builtin()
LARGER = 3_000


class Estate:
    """The observations of an estate, grouped into things by the identifiers they share."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self.items: list[ItemObservation] = []
        self.links: list[LinkObservation] = []
        for observation in observations:
            if isinstance(observation, ItemObservation):
                self.items.append(observation)
            else:
                self.links.append(observation)
        self._parent: dict[str, str] = {}
        for item in self.items:
            first = self._root(item.identifiers[0])
            for identifier in item.identifiers[1:]:
                self._parent[self._root(identifier)] = first
        self.reports: dict[str, list[ItemObservation]] = defaultdict(list)
        for item in self.items:
            self.reports[self._root(item.identifiers[0])].append(item)
        self.things_named: dict[str, set[str]] = defaultdict(set)
        for thing, reports in self.reports.items():
            for report in reports:
                self.things_named[str(report.properties["name"])].add(thing)

    def _root(self, identifier: str) -> str:
        while (parent := self._parent.setdefault(identifier, identifier)) != identifier:
            identifier = parent
        return identifier

    def thing(self, identifier: str) -> str | None:
        """The thing that goes by an identifier."""
        root = self._root(identifier)
        return root if root in self.reports else None

    def kind(self, identifier: str) -> str | None:
        """The kind of the thing that goes by an identifier."""
        thing = self.thing(identifier)
        return self.reports[thing][0].kind if thing else None

    def name(self, identifier: str) -> str | None:
        """What the thing that goes by an identifier is called."""
        thing = self.thing(identifier)
        return str(self.reports[thing][0].properties["name"]) if thing else None

    def targets(self, relation: str, name: str) -> list[str | None]:
        """The names of what the item of that name leads to."""
        return [
            self.name(link.to_key)
            for link in self.links
            if link.relation == relation and self.name(link.from_key) == name
        ]

    def origins(self, relation: str, name: str) -> list[str | None]:
        """The names of what leads to the item of that name."""
        return [
            self.name(link.from_key)
            for link in self.links
            if link.relation == relation and self.name(link.to_key) == name
        ]


@pytest.fixture(scope="module")
def estate() -> Estate:
    return Estate(demo_observations(now=NOW))


@pytest.fixture(scope="module")
def larger() -> Estate:
    return Estate(demo_observations(items=LARGER, now=NOW))


@pytest.fixture(scope="module", params=["estate", "larger"])
def either(request: pytest.FixtureRequest) -> Estate:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Estate)
    return found


def test_identifiers_are_written_normally_and_identify_their_kind(either: Estate) -> None:
    for item in either.items:
        allowed = CATALOGUE.kind(item.kind).identified_by
        for identifier in item.identifiers:
            assert normalise(identifier, CATALOGUE) == identifier
            assert junk_reason(identifier) is None
            assert namespace_of(identifier) in allowed, (item.kind, identifier)
    for link in either.links:
        for key in (link.from_key, link.to_key):
            assert normalise(key, CATALOGUE) == key


def test_every_source_gives_its_own_key_once(either: Estate) -> None:
    keys = Counter(item.identifiers[0] for item in either.items)
    assert all(item.identifiers[0].startswith(f"key:{item.source}/") for item in either.items)
    assert [key for key, times in keys.items() if times > 1] == []


def test_property_values_fit_the_catalogue(either: Estate) -> None:
    for item in either.items:
        declared = CATALOGUE.kind(item.kind).properties
        for name, value in item.properties.items():
            assert check_value(declared[name], value) == value, (item.kind, name)
        assert item.properties.get("name")


def test_links_run_between_kinds_that_they_may_join(either: Estate) -> None:
    for link in either.links:
        ends = either.kind(link.from_key), either.kind(link.to_key)
        assert CATALOGUE.end_problem(link.relation, *ends) is None, link
        assert link.from_key != link.to_key
        assert 0 < link.confidence <= 1
        if link.gate is not None:
            assert CATALOGUE.relation(link.relation).gated


def test_no_link_is_told_twice_by_one_source(either: Estate) -> None:
    told = Counter(
        (
            k.source,
            k.relation,
            either.thing(k.from_key) or k.from_key,
            either.thing(k.to_key) or k.to_key,
        )
        for k in either.links
    )
    assert [link for link, times in told.items() if times > 1] == []


def test_what_shares_an_identifier_is_one_thing_of_one_kind(either: Estate) -> None:
    for reports in either.reports.values():
        assert len({report.kind for report in reports}) == 1
        assert len({report.source for report in reports}) == len(reports)


def test_every_kind_and_relation_that_is_no_record_occurs(estate: Estate) -> None:
    declared = {k.name for k in CATALOGUE.of_category(Category.CI)} | {"Team", "Person"}
    # References to configuration by name come with clusters, and the retailer has none.
    assert {item.kind for item in estate.items} == declared - {"ConfigurationSource"}
    records = {k.name for k in CATALOGUE.of_category(Category.RECORD)} | {"Task", "Record"}
    about_records = {
        r.name for r in CATALOGUE.relations.values() if records.issuperset(r.from_kinds)
    }
    assert {link.relation for link in estate.links} == set(CATALOGUE.relations) - about_records


def test_items_come_before_links() -> None:
    kinds = [type(o) for o in demo_observations(items=LARGER, now=NOW)]
    assert kinds == sorted(kinds, key=lambda kind: kind is LinkObservation)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    def told(seed: int) -> bytes:
        return msgspec.json.encode(list(demo_observations(seed=seed, now=NOW)))

    assert told(7) == told(7)
    assert told(7) != told(8)


@pytest.mark.parametrize("items", [None, smallest_estate(), 700, 1_000, 1_234, 5_000, 20_000])
def test_the_estate_has_as_many_items_as_asked_for(items: int | None) -> None:
    estate = Estate(demo_observations(items=items, now=NOW))
    assert len(estate.reports) == (items or smallest_estate())
    assert 600 <= smallest_estate() <= 1_000
    assert 3.5 <= len(estate.links) / len(estate.reports) <= 6


@pytest.mark.parametrize("items", [0, -1, 100, 10**9])
def test_a_size_out_of_reach_is_refused(items: int) -> None:
    with pytest.raises(InvalidInput, match=str(smallest_estate())):
        demo_observations(items=items)


def test_memory_does_not_grow_with_the_estate() -> None:
    def peak(items: int) -> int:
        for _ in demo_observations(items=700, now=NOW):  # caches are filled before measuring
            pass
        tracemalloc.start()
        for _ in demo_observations(items=items, now=NOW):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(12_000) < 2 * peak(1_500)


def test_names_stay_unique_in_a_larger_estate_but_for_the_known_doubles(larger: Estate) -> None:
    by_kind = Counter((r[0].kind, str(r[0].properties["name"])) for r in larger.reports.values())
    doubled = {name for (kind, name), times in by_kind.items() if times > 1}
    assert doubled
    assert all("backup1" in name or "print1" in name for name in doubled)


def test_sources_disagree_about_some_properties(estate: Estate) -> None:
    disputed = Counter[tuple[str, str]]()
    for reports in estate.reports.values():
        for name in {n for r in reports for n in r.properties}:
            values = {str(r.properties[name]) for r in reports if name in r.properties}
            if len(values) > 1:
                disputed[reports[0].kind, name] += 1
    assert disputed["VirtualMachine", "operating_system"] > 20
    assert disputed["Hypervisor", "memory"] > 0
    assert disputed["ServiceInstance", "version"] > 0


def test_each_source_speaks_at_its_own_time_and_none_from_the_future(estate: Estate) -> None:
    latest = {
        s: max(i.time for i in estate.items if i.source == s)
        for s in {i.source for i in estate.items}
    }
    assert set(latest) == {"netbox", "vcenter", "monitoring", "kubernetes", "service-catalogue"}
    assert len(set(latest.values())) == 5
    assert max(latest.values()) <= NOW


def test_a_link_waits_for_something_nobody_reported(estate: Estate) -> None:
    (waiting,) = (k for k in estate.links if estate.thing(k.to_key) is None)
    assert waiting.relation == "CONNECTS_TO"
    assert all(estate.thing(link.from_key) for link in estate.links)


def test_some_machines_were_last_seen_long_ago(estate: Estate) -> None:
    stale = {
        str(reports[0].properties["name"])
        for reports in estate.reports.values()
        if max(r.time for r in reports) < NOW - timedelta(days=80)
    }
    assert {"dc1-fax-gateway", "dc1-ftp", "dc1-old-intranet", "dc1-migration-test"} == stale


def test_some_servers_are_two_items_of_one_name(estate: Estate) -> None:
    for name in ("dc2-backup1", "dc2-print1"):
        assert len(estate.things_named[name]) == 2


def test_some_services_have_no_owner_and_most_have_one(estate: Estate) -> None:
    owned = {estate.thing(k.from_key) for k in estate.links if k.relation == "OWNED_BY"}
    services = {t for t, r in estate.reports.items() if r[0].kind == "ServiceInstance"}
    ownerless = {str(estate.reports[t][0].properties["name"]) for t in services - owned}
    assert len(services) == 40
    assert "gift-cards@production" in ownerless
    assert len(ownerless) < 5


def test_both_machines_of_search_are_on_one_hypervisor(estate: Estate) -> None:
    members = estate.origins("MEMBER_OF", "pool-search")
    assert len(members) == 2
    machines = {str(m) for member in members for m in estate.targets("RUNS_ON", str(member))}
    assert len(machines) == 2
    assert {h for m in machines for h in estate.targets("HOSTED_ON", m)} == {"dc1-hv03"}


def test_all_other_pools_are_spread_over_hypervisors(estate: Estate) -> None:
    pools = [n for n in estate.things_named if n.startswith("pool-") and n != "pool-search"]
    assert len(pools) == 10
    for pool in pools:
        machines = [
            str(m)
            for k in estate.origins("MEMBER_OF", pool)
            for m in estate.targets("RUNS_ON", str(k))
        ]
        assert len({h for m in machines for h in estate.targets("HOSTED_ON", m)}) > 1, pool


def test_a_database_and_its_standby_are_on_one_hypervisor(estate: Estate) -> None:
    assert estate.targets("FAILS_OVER_TO", "loyalty-db-1") == ["loyalty-db-2"]
    machines = [m for db in ("loyalty-db-1", "loyalty-db-2") for m in estate.targets("RUNS_ON", db)]
    assert len(set(machines)) == 2
    assert {h for m in machines for h in estate.targets("HOSTED_ON", str(m))} == {"dc2-hv05"}


def test_one_rack_has_both_feeds_on_one_supply(estate: Estate) -> None:
    supplies = {
        rack: {estate.targets("POWERED_BY", f"{rack}-feed-{letter}")[0] for letter in "ab"}
        for rack in (f"dc{d}-r{r:02d}" for d in (1, 2) for r in (1, 2, 3, 4))
    }
    assert [rack for rack, found in supplies.items() if len(found) == 1] == ["dc2-r02"]


def test_one_access_switch_has_a_single_uplink_and_serves_its_rack_alone(estate: Estate) -> None:
    uplinks = {
        name: estate.targets("LINKED_TO", name) for name in estate.things_named if "-acc-sw" in name
    }
    assert [n for n, found in uplinks.items() if len(found) == 1] == ["dc1-r03-acc-sw1"]
    assert estate.targets("LINKED_TO", "dc1-db03") == ["dc1-r03-acc-sw1"]
    assert len(estate.targets("LINKED_TO", "dc1-db01")) == 2


@pytest.mark.parametrize("highlight", highlights(), ids=[h.item for h in highlights()])
def test_highlights_name_items_that_exist_once(highlight: Highlight, either: Estate) -> None:
    (thing,) = either.things_named[highlight.item]
    assert either.reports[thing][0].kind == highlight.kind


def test_there_are_three_highlights_with_commands_that_name_their_item() -> None:
    assert len(highlights()) == 3
    assert all(h.item in h.command and h.command.startswith("cmdb ") for h in highlights())


def test_on_call_numbers_are_fictional(larger: Estate) -> None:
    for item in larger.items:
        if item.kind in ("Team", "Person"):
            assert str(item.properties["phone"]).startswith("+1-555-01")
            assert str(item.properties["email"]).endswith("@example.org")
