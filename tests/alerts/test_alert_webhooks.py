"""Tools over HTTP: who may, what is refused, and that what is answered is kept."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cmdb.app import create_app
from cmdb.ingest import new_run
from cmdb.items import Item, ItemObservation
from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb.store.port import ItemQuery
from cmdb.webhooks.signature import headers
from tests.alerts.sending import alert, event, notification, served
from tests.webhooks.receiver import receiving
from tests.webhooks.test_webhooks import declared

SECRETS = {"alertmanager": "am-secret", "pagerduty": "pd-secret", "generic/zabbix": "zb-secret"}
BODY = notification(alert("f1", instance="web1:9100"))


@asynccontextmanager
async def client(
    tmp_path: Path, token: str | None = "t", **given: object
) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings.model_validate(
        {
            "store": f"sqlite:///{tmp_path}/c.db",
            "cache_folder": None,
            "alert_secrets": SECRETS,
            **given,
        }
    )
    cmdb = await Cmdb.open(settings)
    transport = httpx.ASGITransport(create_app(cmdb, token=token))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as made:
        yield made
    await cmdb.close()


async def kept(tmp_path: Path, kind: str = "Alert") -> list[Item]:
    """The alerts (or other records) in the store, read by whoever comes next."""
    cmdb = await Cmdb.open(Settings(store=f"sqlite:///{tmp_path}/c.db", cache_folder=None))
    page = await cmdb.store.query(ItemQuery(kinds=(kind,), limit=100_000))
    await cmdb.close()
    return list(page.items)


async def stored(tmp_path: Path) -> int:
    return len(await kept(tmp_path))


def signed(
    secret: str, body: bytes, *, at: float | None = None, key: str = "msg_1"
) -> dict[str, str]:
    return headers(secret, key, int(time.time() if at is None else at), body)


@pytest.mark.parametrize(
    "shown",
    [
        dict,
        lambda: {"authorization": "Bearer wrong"},
        lambda: {"authorization": "Bearer t"},
        lambda: {"authorization": "Basic am-secret"},
        lambda: {"authorization": "Bearer "},
        lambda: {"webhook-signature": "v1,AAAA"},
        lambda: signed("wrong", BODY),
        lambda: signed("am-secret", BODY + b" "),
        lambda: signed("am-secret", BODY, at=time.time() - 3600),
        lambda: signed("am-secret", BODY, at=time.time() + 3600),
        lambda: {**signed("am-secret", BODY), "webhook-id": "msg_2"},
        lambda: {**signed("am-secret", BODY), "webhook-timestamp": "soon"},
        lambda: {**signed("am-secret", BODY), "webhook-timestamp": "9" * 40},
        lambda: {**signed("am-secret", BODY), "webhook-signature": ""},
    ],
)
async def test_a_forged_or_old_webhook_changes_nothing(
    tmp_path: Path, shown: Callable[[], dict[str, str]]
) -> None:
    async with client(tmp_path) as http:
        # Signed only now: a signature is good for some minutes, and tests take longer.
        answer = await http.post("/webhooks/alertmanager", content=BODY, headers=shown())
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "unauthorised"
        assert "am-secret" not in answer.text
    assert await stored(tmp_path) == 0


@pytest.mark.parametrize(
    "shown",
    [lambda: {"authorization": "Bearer am-secret"}, lambda: signed("am-secret", BODY)],
)
async def test_its_own_secret_lets_a_tool_in_and_nobody_anywhere_else(
    tmp_path: Path, shown: Callable[[], dict[str, str]]
) -> None:
    async with client(tmp_path) as http:
        answer = await http.post("/webhooks/alertmanager", content=BODY, headers=shown())
        assert (answer.status_code, answer.json()["opened"]) == (200, 1)
        for path in ("/graphql", "/webhooks/generic/zabbix", "/webhooks/generic/other"):
            refused = await http.post(path, content=BODY, headers=shown())
            assert refused.status_code == 401, path
    assert await stored(tmp_path) == 1


async def test_a_replay_is_answered_and_counts_once(tmp_path: Path) -> None:
    shown = signed("pd-secret", BODY)
    async with client(tmp_path) as http:
        shown = signed("am-secret", BODY)
        first = await http.post("/webhooks/alertmanager", content=BODY, headers=shown)
        again = await http.post("/webhooks/alertmanager", content=BODY, headers=shown)
    assert (first.json()["opened"], again.status_code, again.json()) == (
        1,
        200,
        {"status": "known"},
    )


async def test_without_a_secret_of_its_own_the_servers_token_is_needed(tmp_path: Path) -> None:
    async with client(tmp_path, alert_secrets={}) as http:
        assert (await http.post("/webhooks/alertmanager", content=BODY)).status_code == 401
        shown = {"authorization": "Bearer t"}
        assert (
            await http.post("/webhooks/alertmanager", content=BODY, headers=shown)
        ).status_code == 200
    async with client(tmp_path, token=None, alert_secrets={}) as http:
        assert (await http.post("/webhooks/alertmanager", content=BODY)).status_code == 200


async def test_the_answers_that_clients_of_pagerduty_know(tmp_path: Path) -> None:
    async with client(tmp_path) as http:
        sent = {**json.loads(event("trigger", "k")), "routing_key": "pd-secret"}
        for path in ("/webhooks/pagerduty", "/webhooks/pagerduty/v2/enqueue"):
            answer = await http.post(path, json=sent)
            assert answer.status_code == 202
            assert answer.json() == {
                "status": "success", "message": "Event processed", "dedup_key": "k"
            }  # fmt: skip
        wrong = await http.post("/webhooks/pagerduty", json={**sent, "event_action": "explode"})
        assert (wrong.status_code, wrong.json()["status"]) == (400, "invalid event")
        forged = await http.post("/webhooks/pagerduty", json={**sent, "routing_key": "R"})
        assert forged.status_code == 401
    assert await stored(tmp_path) == 1


@pytest.mark.parametrize("path", ["alertmanager", "pagerduty", "generic/zabbix"])
async def test_ten_megabytes_are_too_many(tmp_path: Path, path: str) -> None:
    async with client(tmp_path) as http:
        shown = {"authorization": f"Bearer {SECRETS[path]}"}
        large = notification(alert("f1", instance="x" * 10_000_000))
        answer = await http.post(f"/webhooks/{path}", content=large, headers=shown)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
        unsigned = await http.post(f"/webhooks/{path}", content=large)
        assert unsigned.status_code == 413
    assert await stored(tmp_path) == 0


async def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    async with client(tmp_path) as http:
        shown = {"authorization": "Bearer am-secret"}
        wrong = notification({**alert("f1"), "startsAt": "soon"})
        answer = await http.post("/webhooks/alertmanager", content=wrong, headers=shown)
        assert answer.status_code == 422
        assert answer.json()["error"]["problems"][0]["field"] == "alerts[0]"
        shown = {"authorization": "Bearer zb-secret"}
        answer = await http.post("/webhooks/generic/zabbix", content=b"{}", headers=shown)
        assert "There is no tool 'generic/zabbix'" in answer.json()["error"]["message"]


async def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """Senders post all the time, the server is killed, and what got an answer is there."""
    store = f"sqlite:///{tmp_path / 'c.db'}"
    acknowledged: set[str] = set()
    with served(store, tmp_path, alert_settle="PT0S") as server:

        def send(sender: int) -> None:
            with httpx.Client(base_url=server.address, timeout=30) as http:
                for number in range(10_000):
                    key = f"{sender}-{number}"
                    body = notification(alert(key, instance=f"web{sender}:1"))
                    try:
                        answer = http.post("/webhooks/alertmanager", content=body)
                    except httpx.HTTPError:
                        return
                    assert answer.status_code == 200
                    acknowledged.add(key)
                    if len(acknowledged) == 300:
                        server.kill()

        await asyncio.gather(*(asyncio.to_thread(send, sender) for sender in range(8)))
    assert len(acknowledged) >= 300
    fingerprints = {str(alert.properties["fingerprint"]) for alert in await kept(tmp_path)}
    assert acknowledged <= fingerprints


async def test_what_a_killed_server_had_not_gathered_the_next_one_gathers(tmp_path: Path) -> None:
    """The first server waits an hour for further alerts, and is killed meanwhile."""
    store = f"sqlite:///{tmp_path / 'c.db'}"
    cmdb = await Cmdb.open(Settings(store=store, cache_folder=None))
    seen = ItemObservation(
        "Server", ("fqdn:web1.example.org",), "scan", datetime.now(UTC), {"name": "web1"}
    )
    await cmdb.load([seen], [], new_run("scan"), reason="a scan")
    await cmdb.close()
    body = notification(alert("f1", instance="web1.example.org:1"), alert("f2", instance="lost:1"))
    with served(store, tmp_path, alert_settle="PT1H") as first:
        async with httpx.AsyncClient(base_url=first.address, timeout=30) as http:
            answer = await http.post("/webhooks/alertmanager", content=body)
        assert answer.json()["opened"] == 2
        first.kill()
    assert await stored(tmp_path) == 2
    assert not await kept(tmp_path, "Incident")
    with receiving() as receiver:
        declared(tmp_path / "w.toml", receiver.url, 'events = ["record"]', 'kinds = ["Incident"]')
        with served(store, tmp_path, webhooks=str(tmp_path / "w.toml")):
            (told,) = receiver.wait(1)
    assert json.loads(told[1])["data"]["state"] == "new"
