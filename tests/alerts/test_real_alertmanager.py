"""A real Prometheus fires a rule, a real Alertmanager tells of it, a real server keeps it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from cmdb.ingest import new_run
from cmdb.items import ItemObservation
from cmdb.service import Cmdb
from cmdb.settings import Settings
from tests.alerts.sending import served

PROGRAMS = ("prometheus", "prometheus-alertmanager")
INSTALL = "apt-get install --no-install-recommends prometheus prometheus-alertmanager"
PATIENCE = 120.0
"""Seconds after which the test gives up; it goes on as soon as what it waits for is there."""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def _program(folder: Path, *command: str) -> Iterator[None]:
    with (folder / f"{Path(command[0]).name}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            process.terminate()
            process.wait()


async def _until(found: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Ask until there is an answer."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    if (answer := await found()) is not None:
                        return answer
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail(f"No sign of {what} in {PATIENCE:g} s.")


RULES = """
groups:
- name: hosts
  interval: 1s
  rules:
  - alert: HostDown
    expr: up == 0
    labels: {severity: critical}
    annotations: {summary: web1 does not answer}
"""


@contextmanager
def _host(port: int) -> Iterator[None]:
    """A host that can be scraped."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"load 1\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            return None

    with ThreadingHTTPServer(("127.0.0.1", port), Metrics) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@asynccontextmanager
async def _monitoring(folder: Path, server: str) -> AsyncIterator[int]:
    """Prometheus and Alertmanager on loopback; gives the port of the host that they watch."""
    own, other, host = _free_port(), _free_port(), _free_port()
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: cmdb, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers:\n- name: cmdb\n  webhook_configs:\n  - url: {server}/webhooks/alertmanager\n"
        "    http_config: {authorization: {credentials: am-secret}}\n"
    )
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: hosts, static_configs: [{{targets: ['127.0.0.1:{host}'], "
        "labels: {instance: 'web1.example.org:9100'}}]}]\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{other}']}}]}}]}}\n"
    )
    (folder / "rules.yml").write_text(RULES)
    with ExitStack() as running:
        running.enter_context(
            _program(
                folder, "prometheus-alertmanager", "--config.file=alertmanager.yml",
                "--storage.path=am", f"--web.listen-address=127.0.0.1:{other}",
                "--cluster.listen-address=",
            )
        )  # fmt: skip
        running.enter_context(
            _program(
                folder, "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
                f"--web.listen-address=127.0.0.1:{own}", "--web.enable-lifecycle",
            )
        )  # fmt: skip
        yield host


async def test_a_rule_fires_and_is_over(tmp_path: Path) -> None:
    if not all(map(shutil.which, PROGRAMS)):
        if os.environ.get("CI"):
            pytest.fail(f"{' and '.join(PROGRAMS)} are needed: {INSTALL}")
        pytest.skip(f"needs {' and '.join(PROGRAMS)}: {INSTALL}")
    store = f"sqlite:///{tmp_path / 'c.db'}"
    cmdb = await Cmdb.open(Settings(store=store, cache_folder=None))
    seen = ItemObservation(
        "Server", ("fqdn:web1.example.org",), "test", new_run("test").started, {"name": "web1"}
    )
    await cmdb.load([seen], [], new_run("test"), reason="a server")
    await cmdb.close()
    secrets = '{"alertmanager": "am-secret"}'
    with served(store, tmp_path, token="t", alert_secrets=secrets, alert_settle="PT0S") as server:
        bearer = {"authorization": "Bearer t"}
        async with (
            _monitoring(tmp_path, server.address) as host,
            httpx.AsyncClient(headers=bearer) as http,
        ):

            async def asked(document: str) -> Any:
                answer = await http.post(f"{server.address}/graphql", json={"query": document})
                return answer.json()["data"]

            async def incident() -> Any:
                found = await asked(
                    "{ incidents { nodes { number shortDescription state workNotes } } }"
                )
                return next(iter(found["incidents"]["nodes"]), None)

            async def over() -> Any:
                found = await asked(
                    "{ alerts { nodes { state summary severity startedAt endedAt sourceTool } } }"
                )
                (row,) = found["alerts"]["nodes"]
                return row if row["state"] == "resolved" else None

            async def told() -> Any:
                found = await incident()
                return found if found["workNotes"] else None

            opened = await _until(incident, "an incident")
            assert (opened["shortDescription"], opened["state"]) == ("web1 does not answer", "new")
            with _host(host):
                row = await _until(over, "the end of the alert")
                assert (row["severity"], row["sourceTool"]) == ("critical", "alertmanager")
                assert row["startedAt"] < row["endedAt"]
                noted = await _until(told, "a note on the incident")
                assert noted["workNotes"][0].startswith("Its alert is resolved, the last at ")
                assert noted["state"] == "new"
