"""Record what the commands of the SSH scanner print on the lab's hosts.

Run as root on Linux with what the lab needs installed::

    python -m tests.discovery.ssh.record

It starts a lab of its own, runs every command on web1, app1 and db1 as the scanner would, and
writes ``recordings/NAME.json``. What names the machine it ran on is replaced, and of mounts and
disks only the root file system is kept.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec

from discovery.ssh.commands import Command, command_line, commands_of
from discovery.ssh.output import Output
from discovery.ssh.runner import named
from tools.lab.lab import Lab
from tools.lab.ready import wait

RECORDINGS = Path(__file__).parent / "recordings"
HOSTS = ("web1", "app1", "db1")
_KERNEL = re.compile(r"\b\d+\.\d+\.\d+[\w.+-]*(?= x86_64)")


def main() -> int:
    """Record all hosts; returns the exit status."""
    lab = Lab("cmdb-rec-")
    lab.up()
    try:
        wait(lab)
        call = "import urllib.request as u; u.urlopen('http://10.99.0.11').read()"
        lab.run("scan", sys.executable, "-c", call)
        for host in HOSTS:
            chosen = [named("system"), *commands_of("linux")]
            outputs = {c.name: _cleaned(c, _output(lab, host, c)) for c in chosen}
            encoded = msgspec.json.format(msgspec.json.encode(outputs), indent=1)
            (RECORDINGS / f"{host}.json").write_bytes(encoded + b"\n")
    finally:
        lab.down()
    return 0


def _output(lab: Lab, host: str, command: Command) -> Output:
    done = subprocess.run(
        lab.command(host, ["sh", "-c", command_line(command.run)]),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    said = done.stderr.strip().splitlines()
    return Output(done.stdout, done.returncode, said[0] if said and done.returncode else "")


def _cleaned(command: Command, output: Output) -> Output:
    text = output.text
    if command.name == "machine_id":
        text = "0123456789abcdef0123456789abcdef\n"
    elif command.name == "system":
        text = _KERNEL.sub("6.1.0-18-amd64", text)
    elif command.name == "mounts":
        text = "/dev/vda on / type ext4 (rw,relatime)\n"
    elif command.name == "usage":
        header = text.partition("\n")[0]
        text = f"{header}\n/dev/vda 61671500 20557166 37951846 36% /\n"
    elif command.name in ("container", "disks"):
        text = ""
    for own, other in ((sys.prefix, "/srv/cmdb"), (sys.base_prefix, "/usr")):
        text = text.replace(own, other)
    return Output(text, output.status, output.problem)


if __name__ == "__main__":
    raise SystemExit(main())
