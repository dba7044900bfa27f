"""A real nginx and a real HAProxy are found with what they route to, and their certificates."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from cmdb.items import ItemObservation, LinkObservation
from discovery.run import ScanResult, run_scan
from discovery.ssh import SCANNER
from discovery.ssh.payload import SshPayload
from tests.discovery.daemons import free_port, program, running
from tests.discovery.ssh.sshd import Sshd, settings, sshd

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the servers are Linux's")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd") / "a") as found:
        yield found


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its private key in the same file, as HAProxy wants it."""
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    issued = trustme.CA().issue_cert("shop.example.org")
    path.write_bytes(issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes())
    return path


def nginx(folder: Path, port: int, pem: Path) -> list[str]:
    folder.mkdir()
    paths = "".join(
        f"{what}_temp_path {folder}/{what};"
        for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "sites").mkdir()
    (folder / "sites/shop.conf").write_text(
        "upstream shop { server 10.99.0.12:8080; server 10.99.0.13:8080 backup; }\n"
        f"server {{ listen 127.0.0.1:{port} ssl; server_name shop.example.org;\n"
        f"ssl_certificate {pem}; ssl_certificate_key {pem};\n"
        'location / { proxy_set_header Authorization "Basic hunter2"; proxy_pass http://shop; } }\n'
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log; events {{}}\n"
        f"http {{ access_log off; {paths} include sites/*.conf; }}\n"
    )
    return [program("nginx", "nginx-light"), "-e", f"{folder}/log", "-c", f"{folder}/nginx.conf"]


def haproxy(folder: Path, port: int, pem: Path) -> list[str]:
    folder.mkdir()
    (folder / "h.cfg").write_text(
        "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n"
        f"frontend web\n bind 127.0.0.1:{port} ssl crt {pem}\n default_backend app\n"
        "backend app\n server app1 10.99.0.12:8080\n server app2 10.99.0.13:8080 weight 3\n"
        "userlist x\n user a insecure-password hunter2\n"
    )
    return [program("haproxy"), "-db", "-f", f"{folder}/h.cfg"]


def ends(result: ScanResult, relation: str) -> set[tuple[str, str]]:
    name = {
        k: str(o.properties["name"]).partition(" on ")[0]
        for o in result.observations
        if isinstance(o, ItemObservation)
        for k in o.identifiers
    }
    return {
        (name[o.from_key], name[o.to_key])
        for o in result.observations
        if isinstance(o, LinkObservation) and o.relation == relation
    }


async def test_an_nginx_that_runs(server: Sshd, pem: Path, tmp_path: Path) -> None:
    port = free_port()
    with running(nginx(tmp_path / "nginx", port, pem), port):
        given = settings(tmp_path, server)
        result = await run_scan(SCANNER, given, [server.target])
        (payload,) = [p async for p in SCANNER.fetch(given, [server.target], None)]
    own = f"nginx:{port}"
    assert (own, "shop of nginx") in ends(result, "ROUTES_TO")
    assert {m for m in ends(result, "MEMBER_OF") if m[1] == "shop of nginx"} == {
        ("10.99.0.12:8080", "shop of nginx"),
        ("10.99.0.13:8080", "shop of nginx"),
    }
    front = f"shop.example.org:{port} of nginx"
    assert (front, own) in ends(result, "HOSTED_ON")
    assert (front, "shop.example.org") in ends(result, "SECURED_BY")
    assert isinstance(payload, SshPayload)
    assert "hunter2" not in repr(payload)
    assert "PRIVATE KEY" not in repr(payload)


async def test_an_haproxy_that_runs(server: Sshd, pem: Path, tmp_path: Path) -> None:
    port = free_port()
    with running(haproxy(tmp_path / "haproxy", port, pem), port):
        given = settings(tmp_path, server)
        result = await run_scan(SCANNER, given, [server.target])
        (payload,) = [p async for p in SCANNER.fetch(given, [server.target], None)]
    own = f"haproxy:{port}"
    assert (own, "app of haproxy") in ends(result, "ROUTES_TO")
    assert ("web of haproxy", own) in ends(result, "HOSTED_ON")
    assert ("web of haproxy", "shop.example.org") in ends(result, "SECURED_BY")
    (certificate,) = [
        o for o in result.observations if isinstance(o, ItemObservation) and o.kind == "Certificate"
    ]
    assert str(certificate.properties["not_after"]) > "2030"
    assert "hunter2" not in repr(payload)
    assert "PRIVATE KEY" not in repr(payload)
