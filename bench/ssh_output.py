"""`python -m bench.ssh_output`: how fast what hosts print is read and understood, on one core.

The output is that of three hosts of the lab, recorded from real programs, each made as busy as a
usual server: more processes, sockets and connections are added to what was recorded. Every host has
an address, a hardware address and a name of its own, and hosts call each other.
"""

from __future__ import annotations

import argparse
import json
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import msgspec

from bench.report import Figure, table
from discovery.ssh import SCANNER, SshSettings
from discovery.ssh.linux import read_linux
from discovery.ssh.output import Output
from discovery.ssh.payload import SshHost, SshPayload

RECORDINGS = Path(__file__).parents[1] / "tests/discovery/ssh/recordings"
PROCESSES, LISTENERS, CONNECTIONS = 120, 20, 60
"""What is added to each host."""
BATCH = 500
"""Hosts of one run: what is seen of a run is in memory until its end."""


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.ssh_output", description=__doc__)
    parser.add_argument("--hosts", type=int, default=10_000)
    hosts = parser.parse_args().hosts
    recorded = [
        msgspec.json.decode(path.read_bytes(), type=dict[str, Output])
        for path in sorted(RECORDINGS.glob("*.json"))
    ]
    reading = understanding = bare = 0.0
    lines = observations = 0
    first_peak = 0
    for start in range(0, hosts, BATCH):
        texts = [_busy(recorded[n % 3], n) for n in range(start, min(start + BATCH, hosts))]
        lines += sum(t.text.count("\n") for outputs in texts for t in outputs.values())
        bare += _split(texts)
        begin = process_time()
        read = tuple(
            SshHost(f"h{start + n}", _address(start + n), 22, read_linux(outputs))
            for n, outputs in enumerate(texts)
        )
        between = process_time()
        payload = SshPayload(tuple(host.target for host in read), read)
        parsed = SCANNER.parse(payload, SshSettings(), datetime.now(UTC))
        end = process_time()
        reading, understanding = reading + between - begin, understanding + end - between
        observations += len(parsed.observations)
        first_peak = first_peak or _peak()
    figures = [
        Figure("-", "hosts: text to values", hosts, reading, "str.split", bare),
        Figure("-", "hosts: values to observations", hosts, understanding, "str.split", bare),
        Figure("-", "hosts: both", hosts, reading + understanding, "str.split", bare),
    ]
    print(f"{hosts:,} hosts printed {lines:,} lines; {observations:,} observations came of them.")
    print(table(figures))
    print(f"memory at its peak: {first_peak} MiB after {BATCH} hosts, {_peak()} MiB after all.")
    return 0


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _address(n: int) -> str:
    return f"10.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}"


def _busy(recorded: dict[str, Output], n: int) -> dict[str, Output]:
    """What was recorded, as host ``n``, with more going on."""
    name, address = f"host{n}", _address(n)
    found = {key: output.text for key, output in recorded.items()}
    found["system"] = f"Linux {name} 6.1.0-18-amd64 x86_64\n"
    found["name"] = f"{name}.example.org\n"
    found["interfaces"] = json.dumps(_interfaces(address, n))
    found["sockets"] += "".join(_sockets(address, n))
    added = range(1000, 1000 + PROCESSES)
    found["processes"] += "".join(f"{pid:7} 1 app{pid % 30:<28} app-{pid}\n" for pid in added)
    found["executables"] += "".join(
        f"lrwxrwxrwx 1 app app 0 Nov 26 14:15 /proc/{pid}/exe -> /opt/app/bin/app-{pid}\n"
        for pid in added
    )
    found["arguments"] += "".join(
        f"\n==> /proc/{pid}/cmdline <==\n/opt/app/bin/app-{pid}\0--port\0{pid}\0" for pid in added
    )
    return {key: Output(text, recorded[key].status) for key, text in found.items()}


def _interfaces(address: str, n: int) -> list[dict[str, object]]:
    return [
        {
            "ifname": "eth0",
            "flags": ["BROADCAST", "UP", "LOWER_UP"],
            "mtu": 1500,
            "operstate": "UP",
            "address": f"52:54:00:{n // 65536 % 256:02x}:{n // 256 % 256:02x}:{n % 256:02x}",
            "addr_info": [{"family": "inet", "local": address, "prefixlen": 8}],
        }
    ]


def _sockets(address: str, n: int) -> Iterator[str]:
    for k in range(LISTENERS):
        pid = 1000 + k
        yield (
            f'tcp LISTEN 0 128 0.0.0.0:{8000 + k} 0.0.0.0:* users:(("app-{pid}",pid={pid},fd=3))\n'
        )
    for k in range(CONNECTIONS // 2):
        other, pid = _address(n ^ 1), 1000 + k
        yield (
            f"tcp ESTAB 0 0 {address}:{40000 + k} {other}:{8000 + k % LISTENERS} "
            f'users:(("app-{pid}",pid={pid},fd=9))\n'
        )
        yield (
            f"tcp ESTAB 0 0 {address}:{8000 + k % LISTENERS} {other}:{40000 + k} "
            f'users:(("app-{pid}",pid={1000 + k % LISTENERS},fd=9))\n'
        )


def _split(texts: list[dict[str, Output]]) -> float:
    """Seconds for splitting every line at its blanks: a floor under the reading of text."""
    begin = process_time()
    for outputs in texts:
        for output in outputs.values():
            for line in output.text.splitlines():
                line.split()
    return process_time() - begin


if __name__ == "__main__":
    raise SystemExit(main())
