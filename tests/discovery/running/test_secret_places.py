"""Secrets by where they are kept: what is read, and what is said where it can't be."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import msgspec
import pytest

from discovery.setting_values import read_secret

TOKEN = "hvs.s3same"


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory: the real library with a back end of its own."""

    priority = 1  # pyright: ignore[reportAssignmentType]  # as the library's own back ends

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library's has no types
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("the keyring is locked")
        return {"desk": {"reader": "s3same"}}.get(service, {}).get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


class Vault(BaseHTTPRequestHandler):
    """Answers as Vault's second key-value engine does."""

    def do_GET(self) -> None:
        secret = {"data": {"data": {"token": "s3same", "empty": ""}, "metadata": {"version": 3}}}
        status = 404
        body: Mapping[str, object] = {"errors": []}
        if self.headers.get("x-vault-token") != TOKEN:
            status, body = 403, {"errors": ["permission denied"]}
        elif self.path == "/v1/secret/data/cmdb/desk":
            status, body = 200, secret
        elif self.path == "/v1/secret/data/broken":
            status, body = 500, {"errors": ["it quotes hvs.s3same"]}
        answer = msgspec.json.encode(body)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's
        """Says nothing."""


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Vault) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("VAULT_ADDR", f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        yield "vault:secret/cmdb/desk#token"
        server.shutdown()
        thread.join()


def test_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TOKEN", " s3same\n")
    secret = read_secret("env:DESK_TOKEN")
    assert secret.value == "s3same"
    assert "s3same" not in repr(secret)


def test_a_secret_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3same\n")
    assert read_secret(f"file:{tmp_path / 'token'}").value == "s3same"


def test_a_secret_of_the_keyring(ring: Ring) -> None:
    assert read_secret("keyring:desk/reader").value == "s3same"


def test_a_secret_of_vault(vault: str) -> None:
    assert read_secret(vault).value == "s3same"


def test_the_token_that_a_login_left(
    vault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    assert read_secret(vault).value == "s3same"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("s3same", "Say where the secret is, not what it is: env:NAME, file:PATH"),
        ("hunter2:s3same", "Say where the secret is, not what it is"),
        ("keyring:desk", "Name the service and the user: keyring:SERVICE/USER."),
        ("keyring:desk/nobody", "The keyring has nothing for nobody at desk: keyring set desk"),
        ("vault:secret/cmdb/desk", "Name the mount, the path and the field"),
        ("vault:secret#token", "Name the mount, the path and the field"),
        ("vault:secret/cmdb/none#token", "Vault has nothing at secret/cmdb/none."),
        ("vault:secret/cmdb/desk#nothing", "has no field 'nothing'"),
        ("vault:secret/cmdb/desk#empty", "has no field 'empty'"),
        ("vault:secret/broken#token", "can't be read: InternalServerError."),
    ],
)
def test_a_wrong_place_is_said_without_a_secret(
    place: str, expected: str, ring: Ring, vault: str
) -> None:
    with pytest.raises(ValueError, match=r"^\S") as caught:
        read_secret(place)
    assert expected in str(caught.value)
    assert "s3same" not in str(caught.value)


def test_a_locked_keyring_is_said(ring: Ring) -> None:
    ring.locked = True
    with pytest.raises(ValueError, match="The keyring can't be read: the keyring is locked"):
        read_secret("keyring:desk/reader")


def test_a_token_that_vault_refuses(vault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "wr0ng")
    with pytest.raises(ValueError, match="does not let the token read secret/cmdb/desk"):
        read_secret(vault)


def test_a_vault_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:9")
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    with pytest.raises(ValueError, match="can't be read: ConnectionError"):
        read_secret("vault:secret/cmdb/desk#token")
    monkeypatch.delenv("VAULT_ADDR")
    with pytest.raises(ValueError, match="VAULT_ADDR is not set"):
        read_secret("vault:secret/cmdb/desk#token")


def test_a_library_that_is_not_there_is_named() -> None:
    """In a process of its own, in which neither library can be imported."""
    code = (
        "import sys; sys.modules.update(keyring=None, hvac=None)\n"
        "import os; os.environ['VAULT_ADDR'] = 'http://127.0.0.1:9'\n"
        "from discovery.setting_values import read_secret\n"
        "for place in ('keyring:desk/reader', 'vault:secret/cmdb/desk#token'):\n"
        "    try: read_secret(place)\n"
        "    except ValueError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "This needs the library keyring: pip install 'cmdb-graph[keyring]'",
        "This needs the library hvac: pip install 'cmdb-graph[vault]'",
    ]
