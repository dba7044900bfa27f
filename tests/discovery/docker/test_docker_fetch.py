"""Engines that refuse, lie or are something else, over real sockets, with and without TLS."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from cmdb.items import ItemObservation
from discovery.docker import SCANNER, DockerSettings
from discovery.run import ScanResult, run_scan
from tests.discovery.hanging import hanging

BOX = {"Id": "c" * 64, "Names": ["/web"], "Image": "sha256:1", "ImageID": "sha256:1"}
ANSWERS: dict[str, Any] = {
    "/info": {"Name": "app1.example.org", "ID": "E1", "NCPU": 4},
    "/version": {"Version": "27.1", "Components": [{"Name": "Engine"}]},
    "/networks": [],
    "/volumes": {"Volumes": None},
    "/images/json": [{"Id": "sha256:1", "RepoTags": ["shop/web:1.4"]}],
    "/containers/json": [BOX],
    f"/containers/{BOX['Id']}/json": {"Id": BOX["Id"], "Config": {"Env": ["A=b"]}},
}


class UnixServer(ThreadingHTTPServer):
    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "engine", 0


def handler(answers: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held = answers.get(self.path.partition("?")[0])
            body = held if isinstance(held, bytes) else json.dumps(held).encode()
            status = held if isinstance(held, int) else 200
            self.send_response(404 if held is None else status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base's
            """Says nothing."""

        def address_string(self) -> str:
            return "a socket"

    return Handler


@contextmanager
def served(server: ThreadingHTTPServer) -> Iterator[None]:
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def engine(folder: Path, **changes: Any) -> Iterator[str]:
    """An engine on a socket; changes are answers by path, its slashes written as underscores."""
    answers = {**ANSWERS, **{f"/{k.replace('__', '/')}": v for k, v in changes.items()}}
    path = folder / "e.sock"
    with served(UnixServer(str(path), handler(answers))):  # type: ignore[arg-type]  # a path is the address of such a socket
        yield f"unix://{path}"


async def scan(address: str, **settings: Any) -> ScanResult:
    return await run_scan(SCANNER, DockerSettings(**settings), [address])


async def test_an_engine_elsewhere_is_not_taken_for_this_machine(tmp_path: Path) -> None:
    with engine(tmp_path) as address:
        found = await scan(address)
    host, box = (o for o in found.observations if isinstance(o, ItemObservation))
    assert host.identifiers == ("key:docker/app1.example.org/E1", "fqdn:app1.example.org")
    assert box.properties == {"name": "web", "image": "shop/web:1.4", "runtime": "docker"}


async def test_podman_has_no_lasting_id(tmp_path: Path) -> None:
    version = {"Version": "5.0", "Components": [{"Name": "Podman Engine"}]}
    with engine(tmp_path, version=version) as address:
        found = await scan(address)
    assert found.scope == "engine/app1.example.org"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>", "no JSON"),
        (b'{"a": "\xff"}', "no JSON"),
        (500, "answered 500"),
        (None, "/networks is not there"),
    ],
)
async def test_a_list_that_can_t_be_read_is_named(tmp_path: Path, answer: Any, said: str) -> None:
    with engine(tmp_path, networks=answer) as address:
        found = await scan(address)
    assert len(found.errors) == 1
    assert found.errors[0].startswith(f"{address}, networks: ")
    assert said in found.errors[0]
    assert found.counts["Container"] == 1


async def test_a_container_that_went_meanwhile_is_left_out(tmp_path: Path) -> None:
    with engine(tmp_path, **{f"containers__{BOX['Id']}__json": None}) as address:
        found = await scan(address)
    assert found.full_scope
    assert "Container" not in found.counts


async def test_answers_that_are_too_large_are_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discovery.docker.client.MAX_BODY", 10_000)
    with engine(tmp_path, networks=b" " * 5_000_000) as address:
        found = await scan(address)
    assert "with more than 0 MiB" in found.errors[0]


async def test_what_is_no_engine_is_told(tmp_path: Path) -> None:
    with (
        engine(tmp_path, info={"hello": 1}) as address,
        pytest.raises(RemoteUnavailable, match="does not say what its host is called"),
    ):
        await scan(address)
    with pytest.raises(RemoteUnavailable, match="is the engine running"):
        await scan(f"unix://{tmp_path}/none.sock")
    with pytest.raises(InvalidInput, match="no address of an engine"):
        await scan("app1")


async def test_an_engine_that_hangs_is_left_after_its_time() -> None:
    with hanging() as port, pytest.raises(RemoteUnavailable, match="does not answer in time"):
        await scan(f"tcp://127.0.0.1:{port}", timeout=1)


async def test_tls_is_asked_for_and_checked_both_ways(tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "other", "cert", "key")}
    authority.cert_pem.write_to_path(files["ca"])
    stranger.cert_pem.write_to_path(files["other"])
    mine = authority.issue_cert("reader@example.org")
    mine.cert_chain_pems[0].write_to_path(files["cert"])
    mine.private_key_pem.write_to_path(files["key"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(ANSWERS))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    shown = {"tls_certificate": str(files["cert"]), "tls_key": str(files["key"])}
    with served(server):
        address = f"tcp://127.0.0.1:{server.server_port}"
        found = await scan(address, tls_ca=str(files["ca"]), **shown)
        assert found.full_scope
        with pytest.raises(RemoteUnavailable, match="not signed by the authority"):
            await scan(address, tls_ca=str(files["other"]), **shown)
        with pytest.raises(RemoteUnavailable):
            await scan(address, tls_ca=str(files["ca"]))
    with pytest.raises(InvalidSettings, match=r"none\.pem can't be read"):
        await scan("tcp://127.0.0.1:1", tls_ca=str(tmp_path / "none.pem"))
