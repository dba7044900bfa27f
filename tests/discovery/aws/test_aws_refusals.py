"""Accounts that refuse, services that fail, and answers that are none, over real HTTP."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cmdb.errors import InvalidSettings, RemoteUnavailable
from discovery.aws import SCANNER, AwsSettings
from discovery.aws.table import calls
from discovery.run import ScanResult, run_scan
from tests.discovery.aws.estate import REGION, SECRET
from tests.discovery.hanging import hanging

Reply = tuple[int, bytes]
WHO = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    b"<Arn>arn:aws-cn:iam::123456789012:user/reader</Arn></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)
DENIED = (
    b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>arn:aws:iam::1:user/x "
    b"may not</Message></Error></Errors></Response>"
)


@contextmanager
def service(answer: Callable[[str], Reply], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that answers by the service that a request is signed for."""
    monkeypatch.setattr("discovery.aws.client.ATTEMPTS", 1)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            signed = re.search(r"/([a-z0-9-]+)/aws4_request", self.headers["authorization"] or "")
            status, body = answer(signed[1] if signed else "")
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base's
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def scan(address: str, *regions: str) -> ScanResult:
    settings = AwsSettings(endpoint_url=address, regions=regions, timeout=10)
    return await run_scan(SCANNER, settings)


async def test_each_call_that_is_denied_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(signed: str) -> Reply:
        return (200, WHO) if signed == "sts" else (403, DENIED)

    with service(answer, monkeypatch) as address:
        found = await scan(address, REGION)
        anywhere = await scan(address)
    assert found.partial
    assert not found.full_scope
    assert found.counts["items"] == 0
    assert len(found.errors) == sum(not call.each for call in calls())
    said = "the account may not ask for it (UnauthorizedOperation)."
    assert f"123456789012, instances in {REGION}: {said}" in found.errors
    assert "user/x" not in str(found.errors)
    assert anywhere.errors[0].startswith("123456789012, regions: the account may not ask for it")


@pytest.mark.parametrize(
    "body", [b"<html><p>Sign in<br></html>", b"\xff\xfe\x00", b"{", b"<a>" * 50_000]
)
async def test_answers_that_are_none_are_told_of(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(signed: str) -> Reply:
        return (200, WHO) if signed == "sts" else (200, body)

    with service(answer, monkeypatch) as address:
        found = await scan(address, REGION)
    told = [e for e in found.errors if "no answer of AWS" in e]
    assert len(told) > 10


async def test_refused_credentials_are_told_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
    with (
        service(lambda _: (403, body), monkeypatch) as address,
        pytest.raises(InvalidSettings, match="the credentials are refused") as raised,
    ):
        await scan(address, REGION)
    assert SECRET not in raised.value.message


async def test_a_service_that_hangs_is_left_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("discovery.aws.client.ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with hanging() as port:
        settings = AwsSettings(endpoint_url=f"http://127.0.0.1:{port}", timeout=1)
        with pytest.raises(RemoteUnavailable, match="does not answer in time"):
            await run_scan(SCANNER, settings)


async def test_no_credentials_at_all_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with service(lambda _: (500, b""), monkeypatch) as address:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(InvalidSettings, match="There are no credentials of AWS"):
            await scan(address, REGION)
