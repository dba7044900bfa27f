"""The demo's service desk: it fits the estate, shows every practice, and is the same every time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from cmdb.catalogue import Category, builtin
from cmdb.demo import demo_observations
from cmdb.demo.desk import desk_observations, drift
from cmdb.items import ItemObservation, LinkObservation
from cmdb.items.value import check_value, parse_time

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SEEN = tuple(desk_observations(NOW))
ITEMS = [o for o in SEEN if isinstance(o, ItemObservation)]
LINKS = [o for o in SEEN if isinstance(o, LinkObservation)]
CATALOGUE = builtin()


def test_every_link_leads_to_what_the_estate_or_the_desk_has() -> None:
    estate = [o for o in demo_observations(now=NOW) if isinstance(o, ItemObservation)]
    known = {key for o in (*estate, *ITEMS) for key in o.identifiers}
    assert {k for o in LINKS for k in (o.from_key, o.to_key)} <= known
    assert set(drift(NOW).identifiers) <= known


def test_every_value_is_one_that_its_kind_can_hold() -> None:
    for item in ITEMS:
        declared = CATALOGUE.kind(item.kind).properties
        for name, value in item.properties.items():
            if value is not None:
                assert check_value(declared[name], value) == value


def test_the_records_show_every_practice() -> None:
    kinds = Counter(item.kind for item in ITEMS)
    records = {k.name for k in CATALOGUE.of_category(Category.RECORD)} - {"Team"}
    assert kinds.keys() == records - {"Alert", "Baseline", "InferenceDecision", "Step"}
    relations = {r.name for r in CATALOGUE.relations.values() if "Task" in r.from_kinds}
    relations |= {"CHANGES", "FIXED_BY", "BELONGS_TO", "RELATES_TO"}
    assert {link.relation for link in LINKS} == relations
    problems = [i.properties for i in ITEMS if i.kind == "Problem"]
    assert sum(p["known_error"] is True for p in problems) == 1
    changes = [i.properties for i in ITEMS if i.kind == "Change"]
    tonight = [c for c in changes if c["state"] == "scheduled"]
    starts = sorted(parse_time(str(c["start_date"])) for c in tonight)
    assert len(starts) == 4
    assert starts[0] > NOW
    assert (starts[-1] - starts[0]).total_seconds() < 4 * 3600


def test_the_same_seed_gives_the_same_records_and_another_one_others() -> None:
    assert tuple(desk_observations(NOW)) == SEEN
    assert tuple(desk_observations(NOW, seed=8)) != SEEN
