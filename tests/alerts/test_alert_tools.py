"""What each tool sends, read into the same values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.alerts.alert import AlertValue
from cmdb.alerts.fold import Kept, fold
from cmdb.alerts.rules import fill, host_of, read_rules
from cmdb.alerts.tools import read_alerts
from cmdb.errors import InvalidInput
from tests.alerts.sending import BEGAN, alert, event, notification

T = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


def test_an_end_in_the_year_one_means_that_it_goes_on() -> None:
    (read,) = read_alerts("alertmanager", notification(alert("f1", instance="web1:9100")))
    assert (read.state, read.started_at, read.ended_at) == ("firing", T, None)
    assert (read.key, read.severity, read.summary) == (
        f"f1@{BEGAN}",
        "critical",
        "web1:9100 is down",
    )
    assert read.labels["instance"] == "web1:9100"


def test_a_resolved_alert_says_when_it_ended() -> None:
    (read,) = read_alerts(
        "alertmanager", notification(alert("f1", ended="2026-11-25T20:30:00+00:00"))
    )
    assert (read.state, read.ended_at) == ("resolved", datetime(2026, 11, 25, 20, 30, tzinfo=UTC))


def test_keys_that_nobody_knows_are_ignored() -> None:
    row = {**alert("f1"), "silenceURL": "x", "values": {"B": 1}}
    assert len(read_alerts("alertmanager", notification(row, orgId=1, title="[FIRING:1]"))) == 1


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"status": "pending"}, "status is firing or resolved, not 'pending'"),
        ({"startsAt": "soon"}, "startsAt must be a time such as"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "startsAt must be a time such as"),
        ({"fingerprint": ""}, "fingerprint must be a string that is not empty"),
        ({"fingerprint": "x" * 300}, "the key must be 1 to 255 printable characters"),
        ({"labels": ["a"]}, "labels must be an object of strings"),
    ],
)
def test_one_wrong_alert_keeps_all_out(row: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        read_alerts("alertmanager", notification(alert("good"), {**alert("f1"), **row}))
    (problem,) = error.value.problems
    assert problem.field == "alerts[1]"
    assert said in problem.message


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"null", b'{"alerts": {}}', b"\xff", b"[" * 9999]
)
def test_what_is_no_notification_is_refused(body: bytes) -> None:
    for tool in ("alertmanager", "pagerduty"):
        with pytest.raises(InvalidInput):
            read_alerts(tool, body)


def test_events_in_the_shape_of_pagerduty() -> None:
    (read,) = read_alerts(
        "pagerduty", event("trigger", "k", component="disk", custom_details={"host": "w"})
    )
    assert (read.key, read.state, read.severity, read.sequenced) == ("k", "firing", "error", True)
    assert read.labels == {"source": "web1.example.org", "component": "disk", "host": "w"}
    (over,) = read_alerts("pagerduty", b'{"event_action": "resolve", "dedup_key": "k"}')
    assert over.state == "resolved"


def test_an_event_without_a_key_gets_the_same_one_again() -> None:
    sent = json.loads(event("trigger", "k"))
    del sent["dedup_key"]
    one, other = (read_alerts("pagerduty", json.dumps(sent).encode())[0] for _ in range(2))
    assert one.key == other.key != ""
    with pytest.raises(InvalidInput):
        read_alerts("pagerduty", b'{"event_action": "resolve"}')


def test_any_tool_by_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "mappings.toml"
    file.write_text(
        '[zabbix]\nalerts = "events"\nkey = "eventid"\nsummary = "name"\nseverity = "level"\n'
        'state = "status"\nresolved = ["OK"]\nstarted_at = "clock"\n'
        'labels = ["host.name", "tags"]\n'
        '[zabbix.severities]\nDisaster = "critical"\n'
    )
    row = {"eventid": 7, "name": "CPU", "level": "Disaster", "clock": 1795636800,
           "host": {"name": "web1"}, "tags": {"a": "b"}}  # fmt: skip
    body = json.dumps({"events": [row, {**row, "eventid": 8, "status": "OK"}]}).encode()
    one, other = read_alerts("generic/zabbix", body, file)
    assert (one.tool, one.key, one.severity, one.state) == (
        "generic-zabbix",
        "7",
        "critical",
        "firing",
    )
    assert one.labels == {"name": "web1", "a": "b"}
    assert one.started_at == datetime.fromtimestamp(1795636800, UTC)
    assert other.state == "resolved"
    with pytest.raises(InvalidInput, match=r"There is no tool 'generic/zabix' .did you mean"):
        read_alerts("generic/zabix", body, file)


def test_wrong_mappings_and_rules_say_where(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[x]\nkey = "a"\nsumary = "b"\n')
    with pytest.raises(InvalidInput) as error:
        read_alerts("generic/x", b"{}", file)
    assert error.value.problems[0].file == str(file)
    file.write_text('[[rule]]\nname = "a"\nitem = ["fqdn:{x"]\nmatch = {b = "("}\n')
    with pytest.raises(InvalidInput) as error:
        read_rules(file)
    assert len(error.value.problems) == 2


@pytest.mark.parametrize(
    ("text", "host"),
    [("web1:9100", "web1"), ("[::1]:80", "::1"), ("https://a.example.org/x", "a.example.org"),
     ("10.0.0.1:9", "10.0.0.1"), ("2001:db8::1", "2001:db8::1"), ("", "")],
)  # fmt: skip
def test_the_host_in_an_instance(text: str, host: str) -> None:
    assert host_of(text) == host


def test_a_template_without_its_label_leads_nowhere() -> None:
    assert fill("fqdn:{instance|host}", {}) is None
    assert fill("k8s:*/{namespace}/Pod/{pod}", {"namespace": "a", "pod": "b"}) == "k8s:*/a/Pod/b"


@given(st.lists(st.sampled_from(["firing", "acknowledged", "resolved"]), min_size=1))
def test_however_notifications_come_the_last_word_on_being_over_holds(states: list[Any]) -> None:
    kept = Kept("key:x/1")
    for state in states:
        fold(kept, AlertValue("x", "1", state, "1", "s", None, {}), T)
    assert kept.properties["notifications"] == len(states)
    assert kept.is_over == ("ended_at" in kept.properties)
    told = [s for s in states if s != "acknowledged"]
    if told:
        assert kept.is_over == (told[-1] == "resolved")
