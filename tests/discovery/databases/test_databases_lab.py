"""The lab's databases: who is connected to them is told, and a second scan changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tools.lab.lab import Lab

CLIENT = """
import asyncio, asyncpg, redis
async def main():
    kept = await asyncpg.connect(host="10.99.0.13", user="postgres", database="postgres")
    client = redis.Redis(host="10.99.0.13")
    client.ping()
    print("connected", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_the_lab_s_databases_and_who_depends_on_them(lab: Lab, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'lab.db'}"
    words = [str(Path(sys.executable).parent / "cmdb"), "scan", "databases"]
    words += ["postgresql://10.99.0.13", "redis://10.99.0.13", "--store", store]
    command = lab.command("app1", [sys.executable, "-c", CLIENT])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        try:
            assert client.stdout is not None
            assert client.stdout.readline() == "connected\n"
            output = tmp_path / "observations.jsonl"
            lab.run("scan", *words, "--output", str(output), seconds=120)
            lab.run("scan", *words, seconds=120)
            assert "Nothing changed." in lab.run("scan", *words, seconds=120)
        finally:
            client.kill()
    links = [
        line["link"]
        for line in map(json.loads, output.read_text().splitlines())
        if line.get("link", {}).get("relation") == "CONNECTS_TO"
    ]
    assert {(link["from"], link["to"]) for link in links} == {
        (
            "ip:default/10.99.0.12",
            "key:databases/default/10.99.0.13:5432/database/postgres",
        ),
        ("ip:default/10.99.0.12", "key:databases/default/10.99.0.13:6379"),
    }
