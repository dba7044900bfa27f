"""Agents to ask: recordings that a simulator plays, and what they answered as a payload."""

from __future__ import annotations

import bz2
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure, Parsed
from discovery.setting_values import Secret
from discovery.snmp import SCANNER, SnmpSettings
from discovery.snmp.fetch import fetch
from discovery.snmp.payload import SnmpPayload

START_SECONDS = 120
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def free_port() -> int:
    """A UDP port on loopback that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(port: int, community: str = "public", **more: object) -> SnmpSettings:
    """Settings that ask an agent of the test."""
    return SnmpSettings(
        port=port,
        community=Secret("env:COMMUNITY", community),
        **more,  # type: ignore[arg-type]
    )


async def ask(given: SnmpSettings, *targets: str) -> tuple[list[SnmpPayload], list[str]]:
    """The payloads and the failures of a fetch."""
    payloads, failures = [], []
    async for found in fetch(given, targets or ("127.0.0.1",)):
        if isinstance(found, Failure):
            failures.append(found.message)
        else:
            payloads.append(found)
    return payloads, failures


async def scan(given: SnmpSettings, *targets: str) -> ScanResult:
    """A whole scan."""
    return await run_scan(SCANNER, given, targets or ("127.0.0.1",))


@contextlib.contextmanager
def simulator(recordings: dict[str, bytes], folder: Path) -> Iterator[int]:
    """A simulator that plays recordings, each by its name as the community; yields its port."""
    data = folder / "recordings"
    data.mkdir()
    for name, recording in recordings.items():
        (data / f"{name}.snmprec").write_bytes(recording)
    port = free_port()
    command = [sys.executable, "-m", "snmpsim.commands.responder", "--data-dir", str(data)]
    command += [f"--agent-udpv4-endpoint=127.0.0.1:{port}", "--cache-dir", str(folder / "cache")]
    command += ["--variation-modules-dir", str(data), "--logging-method=null"]
    if os.geteuid() == 0:
        command += ["--process-user=root", "--process-group=root"]
    with (folder / "simulator.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _answers(port, next(iter(recordings)), process, folder)
        yield port
    finally:
        process.kill()
        process.wait()


def _answers(port: int, community: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Ask for sysDescr until something comes back."""
    request = _get(community)
    until = time.monotonic() + START_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        asking.connect(("127.0.0.1", port))
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError):
                asking.send(request)
                asking.recv(65535)
                return
    raise AssertionError((folder / "simulator.log").read_text(errors="replace")[-2000:])


def _get(community: str) -> bytes:
    name = bytes.fromhex("06082b06010201010100")
    bind = b"\x30" + bytes([len(name) + 2]) + name + b"\x05\x00"
    body = b"\x02\x01\x01\x02\x01\x00\x02\x01\x00" + b"\x30" + bytes([len(bind)]) + bind
    pdu = b"\xa0" + bytes([len(body)]) + body
    said = community.encode()
    message = b"\x02\x01\x01\x04" + bytes([len(said)]) + said + pdu
    return b"\x30" + bytes([len(message)]) + message


def unpacked(file: Path) -> bytes:
    """A recording that is kept compressed."""
    return bz2.decompress(file.read_bytes())


def parsed(payload: SnmpPayload, given: SnmpSettings | None = None) -> Parsed:
    """What a payload becomes."""
    return SCANNER.parse(payload, given or SnmpSettings(), NOW)
