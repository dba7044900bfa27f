"""Alerts are kept once each, lead to their items, and become incidents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.alerts.correlate import correlate
from cmdb.alerts.queue import bind_alert, list_alerts
from cmdb.alerts.receive import Received, receive
from cmdb.alerts.rules import Rule, rules_in_force
from cmdb.alerts.tools import read_alerts
from cmdb.errors import InvalidInput
from cmdb.incidents.incidents import show_incident
from cmdb.ingest import new_run
from cmdb.items import Item, ItemObservation, LinkObservation
from cmdb.records.actor import Actor
from cmdb.records.records import linked_items
from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb.store.port import ItemQuery
from tests.alerts.sending import alert, event, notification

RULES = rules_in_force(None)
TOOL = Actor("alertmanager", "192.0.2.9")
ADA = Actor("ada")


async def take(cmdb: Cmdb, tool: str, *bodies: bytes) -> Received:
    values = [value for body in bodies for value in read_alerts(tool, body)]
    return await receive(cmdb, RULES, values, TOOL)


async def kept(cmdb: Cmdb, kind: str = "Alert") -> list[Item]:
    return list((await cmdb.store.query(ItemQuery(kinds=(kind,), limit=1000))).items)


async def estate(cmdb: Cmdb, count: int = 3) -> None:
    """A storage volume, and servers that hang on it, and a lonely one."""
    now = datetime(2026, 11, 20, tzinfo=UTC)
    items = [ItemObservation("StorageVolume", ("key:test/vol",), "test", now, {"name": "vol1"})]
    items += [
        ItemObservation("Server", (f"fqdn:web{n}.example.org",), "test", now, {"name": f"web{n}"})
        for n in range(count)
    ]
    items.append(
        ItemObservation("Server", ("fqdn:lone.example.org",), "test", now, {"name": "lone"})
    )
    links = [
        LinkObservation("ATTACHES_TO", f"fqdn:web{n}.example.org", "key:test/vol", "test", now)
        for n in range(count)
    ]
    await cmdb.load(items, links, new_run("test"), reason="an estate")


async def test_one_alert_many_notifications(cmdb: Cmdb) -> None:
    body = notification(alert("f1", instance="web1:9100"))
    first = await take(cmdb, "alertmanager", body)
    assert (first.opened, first.updated, first.unbound) == (1, 0, 1)
    again = await take(cmdb, "alertmanager", body, body)
    assert (again.opened, again.updated) == (0, 1)
    (stored,) = await kept(cmdb)
    assert stored.name == "ALT0000001"
    assert stored.properties["notifications"] == 3
    ended = "2026-11-25T20:30:00Z"
    over = await take(cmdb, "alertmanager", notification(alert("f1", ended=ended)))
    assert over.closed == 1
    (stored,) = await kept(cmdb)
    assert (stored.properties["state"], stored.properties["ended_at"]) == ("resolved", ended)


async def test_after_a_resolve_the_same_key_opens_another(cmdb: Cmdb) -> None:
    await take(cmdb, "pagerduty", event("resolve", "k"))
    assert await kept(cmdb) == []
    for _ in range(12):
        await take(cmdb, "pagerduty", event("trigger", "k"), event("trigger", "k"))
        await take(cmdb, "pagerduty", event("acknowledge", "k"), event("resolve", "k"))
        await take(cmdb, "pagerduty", event("acknowledge", "k"))
    states = [a.properties["state"] for a in await kept(cmdb)]
    assert states == ["resolved"] * 12
    assert all(a.properties["notifications"] == 4 for a in await kept(cmdb))


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("ab"), st.sampled_from(["trigger", "resolve"])), max_size=8
        ),
        max_size=8,
    )
)
async def test_batches_do_not_matter(batches: list[list[tuple[str, str]]]) -> None:
    """However events are batched, the alerts are those that a plain count finds."""
    cmdb = await Cmdb.open(Settings(store="sqlite://:memory:", cache_folder=None))
    open_now: dict[str, bool] = {"a": False, "b": False}
    expected = {"a": 0, "b": 0}
    for batch in batches:
        for key, action in batch:
            if action == "trigger" and not open_now[key]:
                expected[key] += 1
            open_now[key] = action == "trigger"
        if batch:
            await take(cmdb, "pagerduty", *(event(action, key) for key, action in batch))
    found = await kept(cmdb)
    await cmdb.close()
    for key in "ab":
        mine = [a for a in found if a.properties["fingerprint"] == key]
        assert len(mine) == expected[key]
        assert sum(a.properties["state"] == "firing" for a in mine) == open_now[key]


async def test_bound_by_host_and_by_rules_of_a_file(cmdb: Cmdb, tmp_path: Path) -> None:
    await estate(cmdb)
    done = await take(
        cmdb,
        "alertmanager",
        notification(
            alert("1", instance="web1.example.org:9100"),
            alert("2", instance="lone:9100"),
            alert("3", cmdb_item="vol1"),
            alert("4", instance="nobody:1"),
            alert("5", instance="localhost:1"),
        ),
    )
    assert (done.opened, done.unbound) == (5, 2)
    about = {
        a.properties["fingerprint"]: await linked_items(cmdb, a.id, "AFFECTS")
        for a in await kept(cmdb)
    }
    names = {key: [item.name for item in items] for key, items in about.items()}
    assert names == {"1": ["web1"], "2": ["lone"], "3": ["vol1"], "4": [], "5": []}
    rule = Rule("disk", ("key:test/{volume}",), {"alertname": "Disk.*"})
    values = read_alerts(
        "alertmanager", notification(alert("6", alertname="DiskFull", volume="vol"))
    )
    assert (await receive(cmdb, (rule, *RULES), values, TOOL)).unbound == 0


async def test_the_unbound_are_queued_bound_by_hand_and_when_their_item_comes(cmdb: Cmdb) -> None:
    sent = alert("1", instance="web0.example.org:1"), alert("2", instance="x:1")
    await take(cmdb, "alertmanager", notification(*sent))
    rows, total = await list_alerts(cmdb, unbound=True, is_open=True, limit=10)
    assert (total, [about for _, about in rows]) == (2, [[], []])
    await estate(cmdb)
    assert (await correlate(cmdb, RULES)).bound == 1
    (left,), total = await list_alerts(cmdb, unbound=True, is_open=True, limit=10)
    assert total == 1
    await bind_alert(cmdb, left[0].name, "web2", ADA)
    await bind_alert(cmdb, left[0].name, "lone", ADA)
    assert [item.name for item in await linked_items(cmdb, left[0].id, "AFFECTS")] == ["lone"]
    with pytest.raises(InvalidInput, match="is no configuration item in use"):
        await bind_alert(cmdb, left[0].name, left[0].name, ADA)


async def test_a_common_cause_makes_one_incident_that_later_alerts_join(cmdb: Cmdb) -> None:
    await estate(cmdb, 6)
    rows = [alert(str(n), instance=f"web{n}.example.org:9100") for n in range(4)]
    await take(cmdb, "alertmanager", notification(*rows, alert("l", instance="lone.example.org:1")))
    first = await correlate(cmdb, RULES)
    assert len(first.opened) == 2
    assert first.gathered == 5
    assert await correlate(cmdb, RULES) == type(first)()
    view = await show_incident(cmdb, first.opened[0])
    assert "4 alerts on 4 items, best explained by StorageVolume vol1" in str(
        view.properties["short_description"]
    )
    assert len(view.alerts) == 4
    more = alert("9", instance="web5.example.org:9100")
    await take(cmdb, "alertmanager", notification(more))
    second = await correlate(cmdb, RULES)
    assert (second.joined, second.opened) == (1, ())
    assert len((await show_incident(cmdb, first.opened[0])).alerts) == 5


async def test_when_all_are_over_the_incident_is_told_and_stays_open(cmdb: Cmdb) -> None:
    await estate(cmdb)
    rows = [alert(str(n), instance=f"web{n}.example.org:9100") for n in range(3)]
    await take(cmdb, "alertmanager", notification(*rows))
    (number,) = (await correlate(cmdb, RULES)).opened
    over = [{**row, "status": "resolved", "endsAt": "2026-11-25T21:00:00Z"} for row in rows]
    await take(cmdb, "alertmanager", notification(*over[:2]))
    assert (await correlate(cmdb, RULES)).noted == ()
    await take(cmdb, "alertmanager", notification(over[2]))
    assert (await correlate(cmdb, RULES)).noted == (number,)
    assert (await correlate(cmdb, RULES)).noted == ()
    view = await show_incident(cmdb, number)
    assert view.state == "new"
    assert view.properties["work_notes"] == [
        "All 3 alerts are resolved, the last at 2026-11-25T21:00:00Z."
    ]


async def test_information_opens_no_incident(cmdb: Cmdb) -> None:
    await estate(cmdb)
    row = alert("1", instance="lone.example.org:1", severity="info")
    await take(cmdb, "alertmanager", notification(row))
    done = await correlate(cmdb, RULES)
    assert (done.opened, done.waiting) == ((), 1)


async def test_a_storm_of_five_thousand_becomes_a_handful(cmdb: Cmdb) -> None:
    """Of one thousand on Neo4j, where writing takes longer: what is told is the same."""
    storm = 1_000 if cmdb.settings.store.startswith(("bolt", "neo4j")) else 5_000
    await estate(cmdb, 400)
    rows = [
        alert(str(n), instance=f"web{n % 400}.example.org:9100", alertname=f"A{n // 400}")
        for n in range(storm - 10)
    ]
    rows += [alert(f"l{n}", instance="lone.example.org:1") for n in range(10)]
    done = await take(cmdb, "alertmanager", notification(*rows))
    assert (done.opened, done.unbound) == (storm, 0)
    gathered = await correlate(cmdb, RULES)
    assert (len(gathered.opened), gathered.gathered, gathered.waiting) == (2, storm, 0)
    assert len(await kept(cmdb, "Incident")) == 2
