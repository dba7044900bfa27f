"""The lab from outside: makes its namespaces and cables, starts its nodes, ends them again."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.lab.node import postgres_programs
from tools.lab.topology import PREFIX_LENGTH, Node, Topology, topology

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "cmdb-lab-"
PACKAGES = {
    "ip": "iproute2",
    "snmpd": "snmpd",
    "snmpwalk": "snmp",
    "lldpd": "lldpd",
    "sshd": "openssh-server",
    "ssh-keygen": "openssh-client",
    "nginx": "nginx-light",
    "haproxy": "haproxy",
    "redis-server": "redis-server",
    "nmap": "nmap",
    "unshare": "util-linux",
    "hostname": "hostname",
}
"""The programs that the lab needs, and the Debian packages they are in."""
ENDS_SECONDS = 20


class LabFailed(Exception):
    """A sentence for the person who started the lab."""


@dataclass(frozen=True)
class Process:
    """A process by its id and its start, so that a later one with that id is another."""

    pid: int
    since: str

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this id now; raises OSError where none has."""
        return cls(pid, _since(pid))

    def runs(self) -> bool:
        """Whether the very process is still there."""
        try:
            return _since(self.pid) == self.since
        except OSError:
            return False

    def kill(self) -> None:
        """End it, if it is still there; raises LabFailed where it does not."""
        until = time.monotonic() + ENDS_SECONDS
        while self.runs():
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.kill(self.pid, signal.SIGKILL)
            if time.monotonic() > until:
                raise LabFailed(f"Process {self.pid} does not end.")
            time.sleep(0.01)


def _since(pid: int) -> str:
    state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    if state == "Z":
        raise ProcessLookupError(pid)
    return rest[18]


def why_not() -> str:
    """Why the lab can't be started here, as a sentence; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "The lab needs Linux: it is made of network namespaces."
    if os.geteuid():
        return "The lab needs root, to make network namespaces."
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    missing = {package for name, package in PACKAGES.items() if not shutil.which(name, path=path)}
    if postgres_programs() is None:
        missing.add("postgresql")
    if missing:
        return (
            f"The lab needs programs that are not here: apt-get install {' '.join(sorted(missing))}"
        )
    return ""


class Lab:
    """One lab: its namespaces are called ``prefix`` and the node, all else it has is in ``folder``.

    Labs with other prefixes and folders run beside it.
    """

    def __init__(self, prefix: str = PREFIX, folder: Path | None = None) -> None:
        self.prefix = prefix
        self.folder = folder or Path(tempfile.gettempdir()) / prefix.strip("-")
        self.topology: Topology = topology()
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def key(self) -> Path:
        """The SSH key that lets root in on the hosts."""
        return self.folder / "id"

    @property
    def known_hosts(self) -> Path:
        """The hosts that are signed in to and the key that they all show, as ssh keeps them."""
        return self.folder / "known_hosts"

    @property
    def hosts(self) -> list[str]:
        """The addresses of all nodes that can be signed in to."""
        return [node.address for node in self.topology.nodes if "sshd" in node.daemons]

    def namespace(self, node: str) -> str:
        """The name of a node's network namespace, for ``ip netns exec``."""
        return f"{self.prefix}{node}"

    def up(self) -> None:
        """Build it and start all daemons; :meth:`wait` then waits until they answer."""
        if reason := why_not():
            raise LabFailed(reason)
        if any(process.runs() for process in self._processes().values()):
            raise LabFailed(f"The lab in {self.folder} is up; end it with the verb down.")
        self.down()
        taken = {line.split()[0] for line in _run("ip", "netns", "list").splitlines()}
        mine = {self.namespace(node.name) for node in self.topology.nodes}
        if taken & mine:
            raise LabFailed(
                f"There are namespaces {', '.join(sorted(taken & mine))} that are not of the lab "
                f"in {self.folder}: choose another prefix, or remove them with ip netns del."
            )
        try:
            self._prepare()
            self._network()
            self._nodes()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End its processes and remove its namespaces, and nothing else; again is no error."""
        for process in self._processes().values():
            process.kill()
        while self._started:
            self._started.pop().wait(ENDS_SECONDS)
        there = {line.split()[0] for line in _run("ip", "netns", "list").splitlines()}
        for name in self._state().get("namespaces", []):
            if name in there:
                _run("ip", "netns", "del", name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, node: str, words: Sequence[str]) -> list[str]:
        """A command that runs ``words`` on a node, and ends there with the process that it is run
        as: what is killed here leaves nothing on the node. Raises LabFailed where it is not up.
        """
        process = self._processes().get(node)
        if process is None or not process.runs():
            known = ", ".join(n.name for n in self.topology.nodes)
            raise LabFailed(f"No node {node} is up in {self.folder}; the lab has {known}.")
        inside = ["nsenter", "-t", str(process.pid), "-n", "-m", "-u", "-p", "--"]
        # What runs on the node is a child of nsenter, which would outlive it.
        bound = ["setpriv", "--pdeathsig", "KILL", "--"]
        # Whoever enters another view of the files is at its root; env goes back to where we are.
        return [*inside, *bound, "env", "-C", os.getcwd(), *words]

    def run(self, node: str, *words: str, seconds: float = 60) -> str:
        """What a command prints on a node; raises LabFailed where it fails or takes too long."""
        return _run(*self.command(node, words), seconds=seconds)

    def set_port(self, node: str, port: str, *, up: bool) -> None:
        """Plug a cable in, or pull it, at one end."""
        state = "up" if up else "down"
        _run("ip", "-n", self.namespace(node), "link", "set", port, state)

    def set_node(self, node: str, *, up: bool) -> None:
        """Plug in all cables of a node, or pull them: what a node that stops looks like outside."""
        for port in self.topology.node(node).ports:
            self.set_port(node, port, up=up)

    def _state(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "lab.json").read_text())
        except FileNotFoundError:
            return {}
        assert isinstance(found, dict)
        return found

    def _processes(self) -> dict[str, Process]:
        found = self._state().get("processes", {})
        return {node: Process(*process) for node, process in found.items()}

    def _keep(self, **state: object) -> None:
        """Write down what was made before anything is done that could fail."""
        kept = self.folder / "lab.json.new"
        kept.write_text(json.dumps({**self._state(), **state}, indent=1))
        kept.replace(self.folder / "lab.json")

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        for name in ("id", "hostkey"):
            _run(
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                "lab",
                "-f",
                f"{self.folder}/{name}",
            )
        key = " ".join((self.folder / "hostkey.pub").read_text().split()[:2])
        self.known_hosts.write_text("".join(f"{address} {key}\n" for address in self.hosts))
        data, programs = self.folder / "postgres", postgres_programs()
        data.mkdir()
        shutil.chown(data, "postgres", "postgres")
        _run(f"{programs}/initdb", "-D", str(data), "-A", "trust", "--no-sync", user="postgres")
        with (data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {self.topology.gateway.address}/{PREFIX_LENGTH} trust\n")

    def _network(self) -> None:
        made: list[str] = []
        for node in self.topology.nodes:
            self._keep(namespaces=[*made, self.namespace(node.name)])
            _run("ip", "netns", "add", self.namespace(node.name))
            made.append(self.namespace(node.name))
            self._ip(node, "link", "set", "lo", "up")
        for (one, one_port), (other, other_port) in self.topology.cables:
            ends = [(self.topology.node(one), one_port), (self.topology.node(other), other_port)]
            (a, a_port), (b, b_port) = ends
            _run(
                *("ip", "link", "add", a_port, "address", a.mac(a_port)),
                *("netns", self.namespace(one), "type", "veth", "peer", "name", b_port),
                *("address", b.mac(b_port), "netns", self.namespace(other)),
            )
        for node in self.topology.nodes:
            if node.switch:
                self._ip(node, "link", "add", "br0", "address", node.mac("br0"), "type", "bridge")
            for port in node.ports:
                if node.switch:
                    self._ip(node, "link", "set", port, "master", "br0")
                self._ip(node, "link", "set", port, "up")
            self._ip(node, "link", "set", node.interface, "up")
            self._ip(node, "addr", "add", f"{node.address}/{PREFIX_LENGTH}", "dev", node.interface)
            if not node.gateway:
                self._ip(node, "route", "add", "default", "via", self.topology.gateway.address)

    def _ip(self, node: Node, *words: str) -> None:
        _run("ip", "-n", self.namespace(node.name), *words)

    def _nodes(self) -> None:
        started: dict[str, tuple[int, str]] = {}
        for node in self.topology.nodes:
            with (self.folder / f"{node.name}.log").open("wb") as log:
                # unshare waits for the node's first process, and kills it when killed itself.
                outer = subprocess.Popen(
                    [
                        *("ip", "netns", "exec", self.namespace(node.name)),
                        *("unshare", "-m", "-u", "-p", "-f", "--kill-child", "--mount-proc"),
                        *(sys.executable, "-u", "-m", "tools.lab.node"),
                        *(str(self.folder), node.name),
                    ],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._started.append(outer)
            try:
                process = Process.of(_first_child(outer, node.name))
            except OSError:
                raise LabFailed(
                    f"The node {node.name} ended at once: {Path(log.name).read_text()[-500:]}"
                ) from None
            started[node.name] = (process.pid, process.since)
            self._keep(processes=started)


def _first_child(outer: subprocess.Popen[bytes], name: str) -> int:
    """The id of the process that is the node's first; raises LabFailed where there is none."""
    until = time.monotonic() + ENDS_SECONDS
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    while time.monotonic() < until and outer.poll() is None:
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.01)
    raise LabFailed(f"The node {name} did not start.")


def _run(*words: str, user: str | None = None, seconds: float = 60) -> str:
    """What a program prints; raises LabFailed with what it said where it fails."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    program = shutil.which(words[0], path=path) or words[0]
    try:
        done = subprocess.run(
            [program, *words[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
            user=user,
            cwd="/" if user else None,
        )
    except subprocess.TimeoutExpired:
        raise LabFailed(f"{' '.join(words)} took longer than {seconds} s.") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise LabFailed(f"{' '.join(words)} failed: {said or done.returncode}")
    return done.stdout
