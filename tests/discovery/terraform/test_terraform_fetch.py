"""Reading states from files, folders and a real HTTP backend, good and bad ones together."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.run import ScanResult, run_scan
from discovery.setting_values import Secret
from discovery.terraform import SCANNER, TerraformSettings
from tests.discovery.terraform.states import SHOP, VERSION_3, state

USER = TerraformSettings(user="reader", password=Secret("env:X", "s3same"))


class Backend(BaseHTTPRequestHandler):
    """An HTTP backend as GitLab's: one state, for one user."""

    bodies: ClassVar[dict[str, tuple[int, bytes]]] = {
        "/state/shop": (200, state(SHOP)),
        "/state/page": (200, b"<html>Sign in</html>"),
        "/state/none": (404, b""),
    }

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(b"reader:s3same").decode()
        known = self.headers.get("authorization") == wanted
        status, body = self.bodies[self.path] if known else (401, b"")
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's
        """Says nothing."""


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/state"
        server.shutdown()
        thread.join()


async def scan(*targets: object, settings: TerraformSettings = USER) -> ScanResult:
    return await run_scan(SCANNER, settings, [str(target) for target in targets])


async def test_a_folder_of_states_is_one_full_scope(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "shop.tfstate").write_bytes(state(SHOP))
    (tmp_path / "a/old.tfstate").write_bytes(VERSION_3)
    (tmp_path / "shop.tfstate.backup").write_bytes(b"not read")
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform/terraform.tfstate").write_bytes(b"which backend is used")
    found = await scan(tmp_path)
    assert found.full_scope
    assert found.scope == f"states/{tmp_path}"
    assert found.counts["LoadBalancer"] == 2


async def test_one_bad_file_of_many_makes_a_partial_run_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "bad.tfstate").write_bytes(b'{"resource_changes": []}')
    (tmp_path / "shop.tfstate").write_bytes(state(SHOP))
    found = await scan(tmp_path, tmp_path / "none.tfstate")
    assert found.partial
    assert not found.full_scope
    assert found.counts["LoadBalancer"] == 1
    assert [error.partition(" ")[0] for error in found.errors] == [
        str(tmp_path / "bad.tfstate"),
        str(tmp_path / "none.tfstate"),
    ]


async def test_nothing_but_a_bad_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.tfstate can't be read: No such file"):
        await scan(tmp_path / "none.tfstate")
    with pytest.raises(InvalidInput, match="holds no file named"):
        await scan(tmp_path)
    with pytest.raises(InvalidInput, match="Name the states"):
        await scan()


async def test_an_http_backend_is_read_with_its_credentials(backend: str) -> None:
    found = await scan(f"{backend}/shop")
    assert found.full_scope
    assert found.scope == f"states/{backend}/shop"
    assert found.counts["VirtualMachine"] == 2


async def test_an_http_backend_that_refuses_is_named_and_its_password_is_not(backend: str) -> None:
    with pytest.raises(InvalidSettings, match="refuses the credentials"):
        await scan(f"{backend}/shop", settings=TerraformSettings())
    with pytest.raises(RemoteUnavailable, match="404") as raised:
        await scan(f"{backend}/none")
    assert "s3same" not in raised.value.message
    with pytest.raises(InvalidInput, match=f"{backend}/page is no JSON"):
        await scan(f"{backend}/page")


async def test_credentials_go_to_no_other_host_in_the_clear() -> None:
    with pytest.raises(InvalidSettings) as raised:
        await scan("http://state.example.org/shop")
    assert "in the clear" in str(raised.value.problems)
