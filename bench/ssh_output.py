"""`python -m bench.ssh_output`: how fast what hosts print is read and understood, on one core.

The output is that of three hosts of the lab, recorded from real programs, each made as busy as a
usual server: more processes, threads of the kernel, sockets, connections, services and file systems
are added to what was recorded. Every host has an address, a hardware address and a name of its own,
and hosts call each other.

Hosts are measured that run the same software, as machines from one image do, and hosts of which
each has programs, services and ports of its own: what is remembered by its text is of no use there.
All have process ids of their own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import msgspec

from bench.process import mebibytes
from bench.report import Figure, table
from discovery.ssh import SCANNER, SshSettings
from discovery.ssh.linux import read_linux
from discovery.ssh.output import Output
from discovery.ssh.payload import SshHost, SshPayload

RECORDINGS = Path(__file__).parents[1] / "tests/discovery/ssh/recordings"
PROCESSES, THREADS, LISTENERS, CONNECTIONS = 120, 80, 20, 60
"""What is added to each host."""
BATCH = 500
"""Hosts of one run: what is seen of a run is in memory until its end."""
PSEUDO = "proc sysfs devtmpfs devpts tmpfs securityfs cgroup2 pstore bpf autofs mqueue debugfs"
"""File systems that every machine mounts, and that hold nothing."""


def main() -> int:
    """Measure and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.ssh_output", description=__doc__)
    parser.add_argument("--hosts", type=int, default=10_000)
    hosts = parser.parse_args().hosts
    recorded = [
        msgspec.json.decode(path.read_bytes(), type=dict[str, Output])
        for path in sorted(RECORDINGS.glob("*.json"))
    ]
    figures = [f for alike in (True, False) for f in _measure(recorded, hosts, alike=alike)]
    print(table(figures))
    return 0


def _measure(recorded: list[dict[str, Output]], hosts: int, *, alike: bool) -> list[Figure]:
    """Reading and understanding hosts that run the same software, or each its own."""
    reading = understanding = bare = 0.0
    lines = observations = first_peak = 0
    for start in range(0, hosts, BATCH):
        texts = [
            busy(recorded[n % len(recorded)], n, alike=alike)
            for n in range(start, min(start + BATCH, hosts))
        ]
        lines += sum(t.text.count("\n") for outputs in texts for t in outputs.values())
        bare += _split(texts)
        begin = process_time()
        read = tuple(
            SshHost(f"h{start + n}", address(start + n), 22, read_linux(outputs))
            for n, outputs in enumerate(texts)
        )
        between = process_time()
        payload = SshPayload(tuple(host.target for host in read), read)
        parsed = SCANNER.parse(payload, SshSettings(), datetime.now(UTC))
        end = process_time()
        reading, understanding = reading + between - begin, understanding + end - between
        observations += len(parsed.observations)
        first_peak = first_peak or _peak()
    print(
        f"{hosts:,} hosts printed {lines:,} lines; {observations:,} observations came of them; "
        f"memory at its peak: {first_peak} MiB after {BATCH} hosts, {_peak()} MiB after all."
    )
    what = "hosts alike" if alike else "hosts that differ"
    return [
        Figure("-", f"{what}: text to values", hosts, reading, "str.split", bare),
        Figure("-", f"{what}: values to observations", hosts, understanding, "str.split", bare),
        Figure("-", f"{what}: both", hosts, reading + understanding, "str.split", bare),
    ]


def _peak() -> int:
    return round(mebibytes("VmHWM"))


def address(n: int) -> str:
    """The address of host ``n``."""
    return f"10.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}"


@dataclass(frozen=True)
class _Host:
    """What runs on host ``n``, by the number of the process among those that are added."""

    n: int
    alike: bool

    def pid(self, k: int) -> int:
        return 1000 + self.n * 7919 % 30000 + k

    def program(self, k: int) -> str:
        return f"app-{k}" if self.alike else f"app-{self.n}-{k}"

    def port(self, k: int) -> int:
        return 8000 + k if self.alike else 8000 + self.n * 31 % 9000 + k


def busy(recorded: dict[str, Output], n: int, *, alike: bool) -> dict[str, Output]:
    """What was recorded, as host ``n``, with more going on."""
    name, host = f"host{n}", _Host(n, alike)
    found = {key: output.text for key, output in recorded.items()}
    found["system"] = f"Linux {name} 6.1.0-18-amd64 x86_64\n"
    found["name"] = f"{name}.example.org\n"
    found["machine_id"] = f"{n:032x}\n"
    found["interfaces"] = json.dumps(_interfaces(address(n), n))
    found["sockets"] += "".join(_sockets(host))
    for key, lines in _programs(host).items():
        found[key] = found.get(key, "") + "".join(lines)
    found["mounts"] = "".join(_mounts(n))
    found["usage"] = "".join(_usage(n))
    found["container"] = "".join(
        f"/proc/self/mountinfo:{k} 1 0:{k} / /sys/{kind} rw - {kind} {kind} rw\n"
        for k, kind in enumerate(PSEUDO.split(), 20)
    )
    return {k: Output(t, recorded[k].status if k in recorded else 0) for k, t in found.items()}


def _programs(host: _Host) -> dict[str, Iterator[str]]:
    """What is added of processes to what each command printed."""
    added = [(host.pid(k), host.program(k), k) for k in range(PROCESSES)]
    threads = range(10, 10 + THREADS)
    return {
        "processes": (
            f"{pid:7} {parent} {user:<32} {name[:15]}\n"
            for pid, parent, user, name in (
                *((pid, 2, "root", f"kworker/{pid}:0") for pid in threads),
                *((pid, 1, f"app{k % 30}", program) for pid, program, k in added),
            )
        ),
        "executables": (
            f"lrwxrwxrwx 1 app app 0 Nov 26 14:15 /proc/{pid}/exe -> /opt/app/bin/{program}\n"
            for pid, program, _ in added
        ),
        "arguments": (
            f"\n==> /proc/{pid}/cmdline <==\n{said}"
            for pid, said in (
                *((pid, "") for pid in threads),
                *((p, f"/opt/app/bin/{program}\0--port\0{p}\0") for p, program, _ in added),
            )
        ),
        "units": (
            f"/proc/{pid}/cgroup:0::/system.slice/{program}.service\n" for pid, program, _ in added
        ),
    }


def _mounts(n: int) -> Iterator[str]:
    for kind in PSEUDO.split():
        yield f"{kind} on /sys/{kind} type {kind} (rw,nosuid,nodev,noexec,relatime)\n"
    yield "/dev/vda1 on / type ext4 (rw,relatime,errors=remount-ro)\n"
    for k in range(3):
        yield f"/dev/mapper/data-{n}-{k} on /srv/data{k} type xfs (rw,relatime,attr2,noquota)\n"
    yield "nas.example.org:/export/home on /home type nfs4 (rw,relatime,vers=4.2,hard)\n"


def _usage(n: int) -> Iterator[str]:
    yield "Filesystem                 1024-blocks      Used Available Capacity Mounted on\n"
    for device, path in (
        ("tmpfs", "/run"),
        ("/dev/vda1", "/"),
        *((f"/dev/mapper/data-{n}-{k}", f"/srv/data{k}") for k in range(3)),
    ):
        yield f"{device:<26} {61671500:11} {20557166 + n:9} {37951846 - n:9} {'36%':>8} {path}\n"


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


def _sockets(host: _Host) -> Iterator[str]:
    other, own = _Host(host.n ^ 1, host.alike), address(host.n)

    def owner(k: int) -> str:
        return f'users:(("{host.program(k)[:15]}",pid={host.pid(k)},fd=9))'

    for k in range(LISTENERS):
        yield f"tcp LISTEN 0 128 0.0.0.0:{host.port(k)} 0.0.0.0:* {owner(k)}\n"
    for k in range(CONNECTIONS // 2):
        there, far, near = address(other.n), other.port(k % LISTENERS), host.port(k % LISTENERS)
        yield f"tcp ESTAB 0 0 {own}:{40000 + k} {there}:{far} {owner(k)}\n"
        yield f"tcp ESTAB 0 0 {own}:{near} {there}:{40000 + k} {owner(k % LISTENERS)}\n"


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
