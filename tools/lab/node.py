"""One node of the lab, from within: the first process of its namespaces, which starts its daemons.

``python -m tools.lab.node FOLDER NAME`` is run by the lab under ``ip netns exec`` and ``unshare``.
All daemons stay children of it, so they end when it does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.lab.topology import PREFIX_LENGTH, Node, Topology, topology

RUN = Path("/run")
SOCKET_SECONDS = 10
LLDP_SECONDS = 1
"""How often a node tells its neighbours of itself."""
LLDP_HOLD = 30
"""How many of those may be missed until it is taken for gone, unless its cable is pulled."""


def main(folder: Path, name: str) -> int:
    """Become the node: never returns while its namespaces are wanted."""
    lab = topology()
    node = lab.node(name)
    subprocess.run(["hostname", name], check=True)
    for place in ("/run", "/var/lib/snmp"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place], check=True)
    _names(lab)
    Path("/proc/sys/net/ipv4/ip_forward").write_text(f"{int(node.gateway)}\n")
    _snmpd(folder, lab, node)
    _lldpd(folder, node)
    for daemon in node.daemons:
        _DAEMONS[daemon](folder, lab, node)
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            time.sleep(3600)
            continue
        print(f"{name}: process {pid} ended with status {os.waitstatus_to_exitcode(status)}")


def _names(lab: Topology) -> None:
    """Names are known without a name server: there is none, and daemons would wait for it."""
    known = ["127.0.0.1 localhost", *(f"{n.address} {n.name}" for n in lab.nodes)]
    for name, lines in (("hosts", known), ("resolv.conf", ["nameserver 127.0.0.1"])):
        (RUN / name).write_text("\n".join(lines) + "\n")
        subprocess.run(["mount", "--bind", str(RUN / name), f"/etc/{name}"], check=True)


def _start(folder: Path, node: Node, command: list[str], **options: Any) -> None:
    """Start a daemon in the foreground; what it says is in FOLDER/NODE-PROGRAM.log."""
    program = shutil.which(command[0]) or command[0]
    log = folder / f"{node.name}-{Path(program).name}.log"
    with log.open("wb") as file:
        subprocess.Popen(  # a daemon is not waited for here: main does
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            **options,
        )


def _snmpd(folder: Path, lab: Topology, node: Node) -> None:
    snmp = lab.snmp
    network = f"{lab.gateway.address.rpartition('.')[0]}.0/{PREFIX_LENGTH}"
    (RUN / "snmpd.conf").write_text(
        f"rocommunity {snmp.community} {network}\n"
        f"createUser {snmp.user} SHA-256 {snmp.authentication} AES {snmp.privacy}\n"
        f"rouser {snmp.user} authpriv\n"
        f"sysName {node.name}\n"
        "sysLocation lab-rack-1\n"
        # A bridge works on layer 2, a router on 3, a host on 4 and 7.
        f"sysServices {2 + 4 * node.gateway if node.switch else 72}\n"
        "master agentx\n"
        f"agentXSocket {RUN}/agentx.sock\n"
        f"agentaddress udp:{node.address}:161\n"
    )
    _start(folder, node, ["snmpd", "-f", "-Lo", "-C", "-c", f"{RUN}/snmpd.conf", "-m", ""])


def _lldpd(folder: Path, node: Node) -> None:
    _there(RUN / "agentx.sock")
    (RUN / "lldpd").mkdir()
    (RUN / "lldpd.conf").write_text(
        f"configure system hostname {node.name}\n"
        f"configure lldp tx-interval {LLDP_SECONDS}\n"
        # A neighbour is not forgotten because this machine was busy for some seconds.
        f"configure lldp tx-hold {LLDP_HOLD}\n"
        f"configure system ip management pattern {node.address}\n"
    )
    _start(
        folder,
        node,
        [
            *("lldpd", "-d", "-x", "-X", f"{RUN}/agentx.sock", "-u", f"{RUN}/lldpd.socket"),
            *("-S", f"lab {node.name}", "-H", "0", "-O", f"{RUN}/lldpd.conf"),
        ],
    )


def _there(path: Path) -> None:
    """Wait until a socket is there; what needs it says so itself where it never is."""
    until = time.monotonic() + SOCKET_SECONDS
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)


def _sshd(folder: Path, lab: Topology, node: Node) -> None:  # noqa: ARG001  # as all daemons
    (RUN / "sshd").mkdir()
    (RUN / "sshd_config").write_text(
        f"HostKey {folder}/hostkey\n"
        f"AuthorizedKeysFile {folder}/id.pub\n"
        "PasswordAuthentication no\n"
        "PermitRootLogin prohibit-password\n"
        "StrictModes no\n"
        "UsePAM no\n"
        "Subsystem sftp internal-sftp\n"
        f"ListenAddress {node.address}\n"
        f"PidFile {RUN}/sshd.pid\n"
    )
    _start(folder, node, ["sshd", "-D", "-e", "-f", f"{RUN}/sshd_config"])


def _nginx(folder: Path, lab: Topology, node: Node) -> None:
    port = next(s.port for s in lab.services if (s.node, s.product) == (node.name, "nginx"))
    (RUN / "nginx.conf").write_text(
        f"daemon off; pid {RUN}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; keepalive_timeout 1h; server {{ listen {port};\n"
        f'  location / {{ return 200 "{node.name}\\n"; }} }} }}\n'
    )
    _start(folder, node, ["nginx", "-c", f"{RUN}/nginx.conf"])


def _haproxy(folder: Path, lab: Topology, node: Node) -> None:
    front = next(s for s in lab.services if (s.node, s.product) == (node.name, "haproxy"))
    behind, _, port = front.backend.partition(":")
    (RUN / "haproxy.cfg").write_text(
        "defaults\n mode http\n timeout client 600s\n timeout server 600s\n timeout connect 5s\n"
        f"frontend front\n bind {node.address}:{front.port}\n default_backend back\n"
        "backend back\n http-reuse always\n"
        f" server {behind} {lab.node(behind).address}:{port} check inter 2s pool-purge-delay 1h\n"
    )
    _start(folder, node, ["haproxy", "-db", "-f", f"{RUN}/haproxy.cfg"])


def _postgres(folder: Path, lab: Topology, node: Node) -> None:  # noqa: ARG001  # as all daemons
    sockets = RUN / "postgresql"
    sockets.mkdir()
    shutil.chown(sockets, "postgres", "postgres")
    _start(
        folder,
        node,
        [
            *(f"{postgres_programs()}/postgres", "-D", f"{folder}/postgres"),
            *("-h", node.address, "-k", str(sockets)),
        ],
        user="postgres",
        group="postgres",
        extra_groups=(),
    )


def _redis(folder: Path, lab: Topology, node: Node) -> None:  # noqa: ARG001  # as all daemons
    data = RUN / "redis"
    data.mkdir()
    shutil.chown(data, "redis", "redis")
    _start(
        folder,
        node,
        ["redis-server", "--bind", node.address, "--protected-mode", "no", "--dir", str(data)],
        user="redis",
        group="redis",
        extra_groups=(),
    )


def postgres_programs() -> Path | None:
    """Where the programs of the newest PostgreSQL are; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: len(p.parts))
    return found[-1].parent if found else None


_DAEMONS: dict[str, Callable[[Path, Topology, Node], None]] = {
    "sshd": _sshd,
    "nginx": _nginx,
    "haproxy": _haproxy,
    "postgres": _postgres,
    "redis": _redis,
}

if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2]))
