"""A real sshd on the loopback interface, for the account that runs the tests."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from discovery.ssh import SshSettings
from tests.discovery.daemons import free_port, program, running


@dataclass(frozen=True)
class Sshd:
    """Where it listens, and with what it lets in."""

    port: int
    key: Path
    host_key: str

    @property
    def target(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def known(self) -> str:
        """Its line of a file of known hosts."""
        return f"[127.0.0.1]:{self.port} {self.host_key}\n"


def keypair(path: Path) -> str:
    """A new key without a passphrase; returns its public half."""
    command = [program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-C", "x"]
    subprocess.run([*command, "-f", str(path)], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


@contextmanager
def sshd(folder: Path, *lines: str, key: Path | None = None) -> Iterator[Sshd]:
    """A server of its own host key; ``lines`` are added to its configuration."""
    daemon = program("sshd", "openssh-server")
    if os.geteuid() == 0:  # only root's server gives up its rights, into this folder
        Path("/run/sshd").mkdir(exist_ok=True)
    folder.mkdir()
    own, port = key or folder / "id", free_port()
    public = keypair(own) if key is None else key.with_suffix(".pub").read_text()
    host_key = keypair(folder / "host")
    (folder / "authorized").write_text(public)
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPasswordAuthentication no\n"
        f"PermitRootLogin prohibit-password\nPidFile {folder}/pid\n" + "\n".join(lines) + "\n"
    )
    command = [daemon, "-D", "-e", "-f", str(folder / "config")]
    with running(command, port, folder / "log"):
        yield Sshd(port, own, host_key)


def settings(folder: Path, *servers: Sshd, **more: object) -> SshSettings:
    """Settings that know these servers' host keys, and none else."""
    known = folder / "known_hosts"
    known.write_text("".join(server.known for server in servers))
    given: dict[str, object] = {
        "known_hosts": (str(known),),
        "keys": tuple(str(server.key) for server in servers[:1]),
        "agent": False,
        "configuration": "none",
        **more,
    }
    return SshSettings(**given)  # type: ignore[arg-type]  # whatever the test wants to set
