"""A secret in each of the places that a setting may name, with a source that is signed in to."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keyring

from tests.discovery.pagerduty.account import TOKEN
from tests.discovery.planted import desks
from tests.discovery.planted.ground import Case, Ground, Planted, Words
from tests.discovery.running.test_secret_places import Ring

VAULT_TOKEN = "hvs.pl4nted-vault-token"

Place = Callable[[Ground], AbstractContextManager[str]]


@contextmanager
def environment(ground: Ground) -> Iterator[str]:
    yield ground.kept("KEPT", TOKEN)


@contextmanager
def file(ground: Ground) -> Iterator[str]:
    path = ground.written("kept", f"{TOKEN}\n")
    Path(path).chmod(0o600)
    yield f"file:{path}"


class Full(Ring):
    """A keyring with the secret in it."""

    def get_password(self, service: str, username: str) -> str | None:
        return TOKEN if (service, username) == ("desk", "reader") else None


@contextmanager
def ring(ground: Ground) -> Iterator[str]:
    del ground
    before = keyring.get_keyring()
    keyring.set_keyring(Full())
    yield "keyring:desk/reader"
    keyring.set_keyring(before)


class Vault(BaseHTTPRequestHandler):
    """Answers as Vault's second key-value engine does, with one secret."""

    def do_GET(self) -> None:
        known = self.headers.get("x-vault-token") == VAULT_TOKEN
        held = {"data": {"data": {"token": TOKEN}, "metadata": {"version": 3}}}
        body = json.dumps(held if known else {"errors": ["permission denied"]}).encode()
        self.send_response(200 if known else 403)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base's
        """Says nothing."""


@contextmanager
def vault(ground: Ground) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Vault) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        ground.monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{server.server_address[1]}")
        ground.monkeypatch.setenv("VAULT_TOKEN", VAULT_TOKEN)
        yield "vault:secret/cmdb/desk#token"
        server.shutdown()
        thread.join()


PLACES: dict[str, Place] = {"env": environment, "file": file, "keyring": ring, "vault": vault}


def kept_in(place: str) -> Case:
    """A case in which PagerDuty's key is in that place, and one is named that is not there."""

    @contextmanager
    def case(ground: Ground) -> Iterator[Planted]:
        with desks.pagerduty(ground) as planted, PLACES[place](ground) as reference:
            given = {**planted.scan.settings, "token": reference}
            gone = {**given, "token": f"{reference}-that-is-gone"}
            yield dataclasses.replace(
                planted,
                secrets=(*planted.secrets, VAULT_TOKEN),
                scan=Words(settings=given),
                failing=(Words(settings=gone),),
            )

    return case
