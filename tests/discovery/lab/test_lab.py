"""The lab is what its topology says, beside other labs, and nothing of it stays behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lab.lab import PACKAGES, ROOT, Lab, LabFailed, Process, why_not
from tools.lab.ready import silent
from tools.lab.topology import topology


def test_the_topology_names_nothing_that_is_not_there() -> None:
    lab = topology()
    ports = {(node.name, port) for node in lab.nodes for port in node.ports}
    ends = [end for cable in lab.cables for end in cable]
    assert len(set(ends)) == len(ends)
    assert set(ends) == ports
    assert lab.gateway.switch
    macs = [node.mac(port) for node in lab.nodes for port in node.ports]
    assert len(set(macs)) == len(macs)
    for service in lab.services:
        assert lab.node(service.node).daemons


def test_what_is_missing_is_named_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.lab.lab.os.geteuid", lambda: 1000)
    assert why_not() == "The lab needs root, to make network namespaces."
    monkeypatch.setattr("tools.lab.lab.os.geteuid", lambda: 0)
    monkeypatch.setattr("tools.lab.lab.shutil.which", lambda name, path="": None)
    reason = why_not()
    assert reason.startswith("The lab needs programs that are not here: apt-get install ")
    assert set(PACKAGES.values()) <= set(reason.split())


def test_a_process_that_ends_by_itself_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["true"]) as gone:
        process = Process(gone.pid, "long ago")
    runs = iter((True, False))
    monkeypatch.setattr(Process, "runs", lambda self: next(runs))
    process.kill()
    assert next(runs, None) is None


def test_every_daemon_answers_as_the_topology_says(lab: Lab) -> None:
    assert silent(lab) == []
    greeting = "import urllib.request as u; print(u.urlopen('http://10.99.0.11').read().decode())"
    assert lab.run("scan", sys.executable, "-c", greeting).strip() == "app1"
    words = ["ssh", "-i", str(lab.key), "-o", "StrictHostKeyChecking=no"]
    words += ["-o", "UserKnownHostsFile=/dev/null", "root@10.99.0.13", "hostname"]
    assert lab.run("scan", *words).strip() == "db1"


def test_hosts_are_clones_of_each_other(lab: Lab) -> None:
    ids = {lab.run(node.name, "cat", "/etc/machine-id") for node in lab.topology.nodes}
    assert len(ids) == 1
    names = {lab.run(node.name, "hostname").strip() for node in lab.topology.nodes}
    assert names == {node.name for node in lab.topology.nodes}


def test_an_agent_answers_the_user_of_version_3(lab: Lab) -> None:
    snmp = lab.topology.snmp
    words = ["snmpget", "-v3", "-l", "authPriv", "-u", snmp.user, "-a", "SHA-256", "-x", "AES"]
    words += ["-A", snmp.authentication, "-X", snmp.privacy, "-Oqv", "10.99.0.2"]
    assert lab.run("scan", *words, "1.3.6.1.2.1.1.5.0").strip() == '"sw2"'


def test_a_second_lab_runs_beside_it_and_leaves_nothing(lab: Lab) -> None:
    other = Lab(f"{lab.prefix}b", lab.folder.with_name(f"{lab.folder.name}-b"))
    other.up()
    try:
        with pytest.raises(LabFailed, match="is up; end it with the verb down"):
            other.up()
        with pytest.raises(LabFailed, match=r"No node nobody is up .* the lab has sw1, sw2"):
            other.run("nobody", "true")
        with pytest.raises(LabFailed, match="are not of the lab in"):
            Lab(other.prefix, lab.folder.with_name("nowhere")).up()
    finally:
        other.down()
    assert not other.folder.exists()
    left = [line for line in _namespaces() if line.startswith(other.prefix)]
    assert left == []
    assert silent(lab) == []
    other.down()


def test_a_daemon_that_does_not_come_up_is_named(lab: Lab) -> None:
    done = _verb(lab, "cut", "sw3:p2")
    try:
        assert done.returncode == 0
        waited = _verb(lab, "wait", "--seconds", "0")
        assert waited.returncode == 1
        assert "postgresql on db1 (10.99.0.13:5432)" in waited.stderr
        assert "haproxy" not in waited.stderr
    finally:
        _verb(lab, "mend", "sw3:p2")
    assert _verb(lab, "wait").returncode == 0
    assert _verb(lab, "cut", "sw9").stderr == (
        "There is no sw9: name a node, or one of its ports such as sw2:p1.\n"
    )


def test_a_command_runs_on_a_node(lab: Lab) -> None:
    done = _verb(lab, "exec", "app1", "ip", "-j", "route")
    assert {"dst": "default", "gateway": "10.99.0.1"}.items() <= json.loads(done.stdout)[0].items()


def test_what_is_killed_here_leaves_nothing_on_the_node(lab: Lab) -> None:
    said = "import time; print('started', flush=True); time.sleep(20); print('outlived it')"
    command = lab.command("app1", [sys.executable, "-c", said])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "started\n"
        started.kill()
        # The other end is closed by the last process that has it.
        assert started.stdout.read() == ""


def _namespaces() -> list[str]:
    done = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _verb(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.lab", "--prefix", lab.prefix]
    command += ["--folder", str(lab.folder), *words]
    return subprocess.run(command, cwd=Path(ROOT), capture_output=True, text=True, check=False)
