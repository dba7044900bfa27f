"""What happens is told: filtered, signed, again until it is taken, and not once more after that."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.catalogue import builtin
from cmdb.cli.main import run_main
from cmdb.errors import InvalidInput
from cmdb.incidents.incidents import edit_incident, open_incident
from cmdb.ingest import new_run
from cmdb.items import ItemObservation, LinkObservation
from cmdb.records.actor import Actor
from cmdb.records.records import Edit
from cmdb.service import Cmdb
from cmdb.settings import Settings
from cmdb.webhooks.endpoints import read_endpoints
from cmdb.webhooks.outbox import Outbox, outbox_path
from cmdb.webhooks.sender import ATTEMPTS, wait_after
from cmdb.webhooks.signature import headers, verify
from cmdb.webhooks.worker import WebhookWorker
from tests.alerts.sending import served
from tests.webhooks.receiver import Receiver, receiving

ADA = Actor("ada")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def declared(path: Path, url: str, *lines: str, name: str = "chat") -> Path:
    path.write_text(f'[{name}]\nurl = "{url}"\nsecret = "{SECRET}"\n' + "\n".join(lines))
    return path


@pytest.fixture(params=["sqlite", "neo4j"])
async def cmdb(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cmdb]:
    if request.param == "neo4j":
        address = str(request.getfixturevalue("empty_neo4j"))
    else:
        address = f"sqlite:///{tmp_path}/cmdb.db"
    opened = await Cmdb.open(Settings(store=address, cache_folder=None))
    yield opened
    await opened.close()


@contextmanager
def worker(cmdb: Cmdb, folder: Path, file: Path) -> Iterator[tuple[WebhookWorker, Outbox]]:
    endpoints = read_endpoints(file, cmdb.catalogue)
    with closing(Outbox(folder / "outbox.db")) as outbox:
        yield WebhookWorker(cmdb, endpoints, outbox), outbox


async def seen(cmdb: Cmdb, **properties: str) -> None:
    now = datetime.now(UTC)
    server = ItemObservation("Server", ("serial:S1",), "test", now, {"name": "web1", **properties})
    service = ItemObservation(
        "ServiceInstance", ("name:ServiceInstance/shop",), "test", now, {"name": "shop"}
    )
    link = LinkObservation("RUNS_ON", "name:ServiceInstance/shop", "serial:S1", "test", now)
    await cmdb.load([server, service], [link], new_run("test"), reason="a scan")


def said(receiver: Receiver) -> list[tuple[str, dict[str, object]]]:
    bodies = [json.loads(body) for _, body in receiver.taken]
    return [(body["type"], body["data"]) for body in bodies]


async def test_revisions_items_records_and_services_are_told(cmdb: Cmdb, tmp_path: Path) -> None:
    with receiving() as receiver:
        file = declared(
            tmp_path / "w.toml", receiver.url,
            'events = ["revision", "item", "record", "service_state"]',
        )  # fmt: skip
        with worker(cmdb, tmp_path, file) as (work, outbox):
            async with httpx.AsyncClient() as http:
                await work.read()
                await seen(cmdb)
                await seen(cmdb, model="X")
                made = await open_incident(cmdb, ADA, "Down", ["web1"], values={"urgency": 1})
                await work.read()
                await work.deliver(http)
                found = said(receiver)
                await edit_incident(cmdb, made.id, Edit("canceled", {"close_notes": "no"}), ADA)
                await work.read()
                await work.deliver(http)
                assert outbox.due(time.time()) == []
    assert [event for event, _ in found].count("revision") == 4
    model = [d for event, d in found if event == "item" and d["name"] == "web1"][-1]
    assert model["changes"] == [{"field": "model", "before": None, "after": "X"}]
    assert ("record", made.name, None, "new") in [
        (event, d.get("name"), d.get("before"), d.get("state")) for event, d in found
    ]
    states = [d for event, d in said(receiver) if event == "service_state"]
    assert [(d["name"], d["before"], d["state"]) for d in states] == [
        ("shop", "up", "down"), ("shop", "down", "up"),
    ]  # fmt: skip
    for given_headers, body in receiver.taken:
        assert verify(SECRET, given_headers, body, time.time()) is None
    assert len({h["webhook-id"] for h, _ in receiver.taken}) == len(receiver.taken)


async def test_filters(tmp_path: Path) -> None:
    cmdb = await Cmdb.open(Settings(store="sqlite://:memory:", cache_folder=None))
    with receiving() as receiver:
        file = declared(
            tmp_path / "w.toml", receiver.url,
            'events = ["record", "item"]\nkinds = ["Incident", "Host"]',
            'properties = ["model"]\nstates = ["in_progress"]\npriorities = [1, 2, 3]',
        )  # fmt: skip
        with worker(cmdb, tmp_path, file) as (work, _):
            async with httpx.AsyncClient() as http:
                await work.read()
                await seen(cmdb)
                await seen(cmdb, model="X")
                for urgency in (1, 3):
                    made = await open_incident(cmdb, ADA, "Down", (), values={"urgency": urgency})
                    await edit_incident(cmdb, made.id, Edit("in_progress"), ADA)
                await work.read()
                await work.deliver(http)
    await cmdb.close()
    told = sorted((event, str(data["name"])) for event, data in said(receiver))
    assert told == [("item", "web1"), ("record", "INC0000001")]


async def test_again_with_the_same_id_then_a_dead_letter_then_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"sqlite:///{tmp_path}/c.db"
    cmdb = await Cmdb.open(Settings(store=store, cache_folder=None))
    monkeypatch.setenv("CMDB_STATE_FOLDER", str(tmp_path))
    with receiving(refuse=ATTEMPTS) as receiver:
        file = declared(tmp_path / "w.toml", receiver.url, 'events = ["revision"]')
        endpoints = read_endpoints(file, cmdb.catalogue)
        with closing(Outbox(outbox_path(tmp_path, store))) as outbox:
            work = WebhookWorker(cmdb, endpoints, outbox)
            async with httpx.AsyncClient() as http:
                await seen(cmdb)
                await work.read()
                await seen(cmdb, model="X")
                await work.read()
                for _ in range(ATTEMPTS):
                    await work.deliver(http)
                    assert outbox.due(time.time()) == []  # not at once
                    outbox._db.execute("UPDATE messages SET next_at = 0")
                assert len(receiver.got) == ATTEMPTS
                assert (
                    await asyncio.to_thread(
                        run_main, ["webhooks", "dead-letters", "--store", store]
                    )
                    == 0
                )
                assert "It answered 503." in capsys.readouterr().out
                assert (
                    await asyncio.to_thread(
                        run_main, ["webhooks", "redeliver", "msg_x", "--store", store]
                    )
                    == 2
                )
                assert (
                    await asyncio.to_thread(run_main, ["webhooks", "redeliver", "--store", store])
                    == 0
                )
                await work.deliver(http)
    await cmdb.close()
    assert len(receiver.taken) == 1
    assert len({sent["webhook-id"] for sent, _ in receiver.got}) == 1


async def test_a_killed_server_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed after a message was taken and before that was noted, or any time later: all are taken,
    those sent twice have the same id, and a third start sends nothing again."""
    store = f"sqlite:///{tmp_path}/c.db"
    with receiving(refuse=1) as receiver:
        file = declared(tmp_path / "w.toml", receiver.url, 'events = ["revision"]')
        given = {"webhooks": str(file)}
        cmdb = await Cmdb.open(Settings(store=store, cache_folder=None))
        await seen(cmdb)
        with closing(Outbox(outbox_path(tmp_path, store))) as outbox:
            outbox.add(0, ())
        with served(store, tmp_path, **given) as server:
            receiver.on_taken = server.kill
            receiver.wait(1)
            server.process.wait()
        receiver.on_taken = lambda: None
        await seen(cmdb, model="X")
        await seen(cmdb, model="Y")
        with served(store, tmp_path, **given):
            receiver.wait(5)
        for count, model in ((6, "Z"), (7, "W")):
            await seen(cmdb, model=model)
            with served(store, tmp_path, **given):
                receiver.wait(count)
        await cmdb.close()
    numbers = [(h["webhook-id"], json.loads(b)["data"]["number"]) for h, b in receiver.taken]
    assert sorted(number for _, number in set(numbers)) == [1, 2, 3, 4, 5, 6]
    assert len(numbers) == 7  # only what was taken as the server died came twice


def test_a_test_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"sqlite:///{tmp_path}/c.db"
    with receiving(refuse=1) as receiver:
        file = declared(tmp_path / "w.toml", receiver.url, 'events = ["revision"]')
        monkeypatch.setenv("CMDB_WEBHOOKS", str(file))
        assert run_main(["webhooks", "test", "chat", "--store", store]) == 1
        assert run_main(["webhooks", "test", "chat", "--store", store]) == 0
        assert run_main(["webhooks", "test", "chap", "--store", store]) == 2
    out, err = capsys.readouterr()
    assert "chat did not take it. It answered 503." in out
    assert "did you mean chat" in err
    assert SECRET not in out + err


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ('url = "ftp://x"\nevents = ["item"]', "url must be an address"),
        ('url = "http://x"\nevents = []', "events must name"),
        ('url = "http://x"\nevents = ["explosion"]', "Invalid enum value"),
        ('url = "http://x"\nevents = ["item"]\nkinds = ["Servr"]', "there is no kind 'Servr'"),
        ('url = "http://x"\nevents = ["item"]\nsecret = "whsec_%"', "must be base64"),
        ('url = "http://x"\nevents = ["item"]\nsecret = ""', "secret is empty"),
        ('url = "http://x"\nevents = ["item"]\nretries = 3', "unknown field `retries`"),
    ],
)
def test_wrong_endpoints_are_said(tmp_path: Path, lines: str, what: str) -> None:
    (tmp_path / "w.toml").write_text(f"[chat]\n{lines}\n")
    with pytest.raises(InvalidInput) as error:
        read_endpoints(tmp_path / "w.toml", builtin())
    (problem,) = error.value.problems
    assert problem.field == "chat"
    assert what in problem.message


@given(st.text(min_size=1), st.binary(), st.integers(0, 10**10))
def test_what_is_signed_is_genuine_and_nothing_else(secret: str, body: bytes, at: int) -> None:
    secret = secret.removeprefix("whsec_") or "s"
    made = headers(secret, "msg_1", at, body)
    assert verify(secret, made, body, at) is None
    assert verify(secret + "x", made, body, at) is not None
    assert verify(secret, made, body + b"x", at) is not None
    assert verify(secret, made, body, at + 301) is not None


def test_the_signature_is_the_published_one() -> None:
    """The example of the specification's own libraries."""
    made = headers(
        SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )  # fmt: skip
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_waits_grow_and_end() -> None:
    waits = [wait_after(n, 1.0) for n in range(1, ATTEMPTS)]
    assert waits == sorted(w for w in waits if w is not None)
    assert wait_after(ATTEMPTS, 1.0) is None
