"""A real server on loopback: where it listens, that it answers, how it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from cmdb.app import serve
from cmdb.errors import InvalidSettings
from cmdb.server.listen import bound_socket, run_server, url_of
from cmdb.service import Cmdb
from cmdb.settings import Settings

ROOT = Path(__file__).parents[2]


async def served(cmdb: Cmdb) -> tuple[str, asyncio.Task[None]]:
    """Start a server on a free port; returns its address once it is ready, and its task."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(cmdb, port=0, on_ready=ready.set_result))
    first = asyncio.ensure_future(ready)
    await asyncio.wait((first, task), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    return first.result(), task


async def stop(task: asyncio.Task[None]) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await task


async def test_a_server_on_a_free_port_says_where_it_is(cmdb: Cmdb) -> None:
    before = signal.getsignal(signal.SIGTERM)
    address, task = await served(cmdb)
    async with httpx.AsyncClient(base_url=address) as c:
        assert (await c.get("/healthz")).json() == {"status": "ok"}
        asked = await c.post("/graphql", json={"query": "{ servers { nodes { name } } }"})
        assert asked.json()["data"]["servers"]["nodes"] == [{"name": "web1"}]
        assert "server" not in asked.headers
    await stop(task)
    assert signal.getsignal(signal.SIGTERM) is before
    async with httpx.AsyncClient() as c:
        with pytest.raises(httpx.ConnectError):
            await c.get(f"{address}/healthz")


async def test_many_ask_at_once(cmdb: Cmdb) -> None:
    address, task = await served(cmdb)
    async with httpx.AsyncClient(base_url=address) as c:
        body = {
            "query": """{ item(key: "web1") { name links { totalCount } }
                impact(items: ["web1"]) { counts { down } } }"""
        }
        answers = await asyncio.gather(*(c.post("/graphql", json=body) for _ in range(50)))
    expected = {
        "item": {"name": "web1", "links": {"totalCount": 0}},
        "impact": {"counts": {"down": 1}},
    }
    assert [answer.json()["data"] for answer in answers] == [expected] * 50
    await stop(task)


async def test_others_may_not_reach_a_server_without_a_token(cmdb: Cmdb) -> None:
    with pytest.raises(InvalidSettings, match="CMDB_TOKEN"):
        await serve(cmdb, host="0.0.0.0", port=0)


async def test_with_a_token_the_settings_guard_it(tmp_path: Path) -> None:
    settings = Settings(store="sqlite://:memory:", token="t0p", host="0.0.0.0")  # type: ignore[arg-type]  # pydantic makes it a secret
    cmdb = await Cmdb.open(settings)
    address, task = await served(cmdb)
    assert address.startswith("http://127.0.0.1:")
    async with httpx.AsyncClient(base_url=address) as c:
        assert (await c.get("/readyz")).status_code == 401
        allowed = await c.get("/readyz", headers={"authorization": "Bearer t0p"})
        assert allowed.status_code == 200
    await stop(task)
    await cmdb.close()


async def test_a_port_that_is_taken_is_named(cmdb: Cmdb) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSettings, match=f"127.0.0.1 port {port}"):
            await serve(cmdb, port=port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "999.1.1.1"])
async def test_an_address_that_is_none_is_named(cmdb: Cmdb, host: str) -> None:
    with pytest.raises(InvalidSettings, match=host):
        await run_server(lambda *_: asyncio.sleep(0), host, 0)


def test_addresses_are_shown_as_browsers_take_them() -> None:
    with bound_socket("127.0.0.1", 0) as one:
        assert url_of(one) == f"http://127.0.0.1:{one.getsockname()[1]}"
    with bound_socket("0.0.0.0", 0) as all_of_them:
        assert url_of(all_of_them).startswith("http://127.0.0.1:")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_addresses_of_ipv6_are_bracketed() -> None:
    with bound_socket("[::1]", 0) as six:
        assert url_of(six) == f"http://[::1]:{six.getsockname()[1]}"


PROGRAM = """
import asyncio
from cmdb.app import serve
from cmdb.service import Cmdb
from cmdb.settings import Settings

async def main():
    cmdb = await Cmdb.open(Settings(store="sqlite://:memory:"))
    await serve(cmdb, port=0, on_ready=lambda address: print(address, flush=True))
    await cmdb.close()
    print("closed", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_process_that_is_stopped_ends_well(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'graphql'}"},
    )
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient() as c:
        assert (await c.get(f"{address}/healthz")).status_code == 200
    process.send_signal(number)
    out, err = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (0, "closed"), err.decode()
    assert err == b""
