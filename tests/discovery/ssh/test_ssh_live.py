"""The scanner over real SSH servers, friendly and rude ones."""

from __future__ import annotations

import getpass
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cmdb.errors import CmdbError, InvalidInput, InvalidSettings
from cmdb.items import ItemObservation
from discovery.local import SCANNER as LOCAL
from discovery.local import LocalSettings
from discovery.run import ScanResult, run_scan
from discovery.scanner import Failure
from discovery.setting_values import Secret
from discovery.ssh import SCANNER, SshSettings
from discovery.ssh.payload import SshPayload
from tests.discovery.daemons import free_port, program, running
from tests.discovery.ssh.sshd import Sshd, keypair, settings, sshd

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the servers are Linux's")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd") / "a") as found:
        yield found


def items(result: ScanResult) -> list[ItemObservation]:
    return [o for o in result.observations if isinstance(o, ItemObservation)]


def shared(found: list[ItemObservation]) -> dict[str, str]:
    """The keys that all sources give to parts of machines, and the kinds of those."""
    return {k: i.kind for i in found for k in i.identifiers if k.startswith("key:machine/")}


async def test_the_machine_is_the_same_items_as_when_it_is_looked_at_locally(
    server: Sshd, tmp_path: Path
) -> None:
    over = await run_scan(SCANNER, settings(tmp_path, server), [server.target])
    here = await run_scan(LOCAL, LocalSettings(container_sockets=("/nonexistent",)))
    machine, own = items(over)[0], items(here)[0]
    assert machine.kind == own.kind
    assert machine.identifiers[1:] == own.identifiers[1:]
    same = "name operating_system operating_system_version kernel memory boot_time".split()
    same += ["architecture", "cpu_count", "ip_addresses"]
    assert {n: machine.properties.get(n) for n in same} == {n: own.properties.get(n) for n in same}
    parts = {k: v for k, v in shared(items(here)).items() if "/software/" not in k}
    assert parts.items() <= shared(items(over)).items()
    assert f"openssh:{server.port} on {own.properties['name']}" in {
        str(i.properties["name"]) for i in items(over)
    }


async def test_a_machine_behind_a_jump_host_is_read(server: Sshd, tmp_path: Path) -> None:
    with sshd(tmp_path / "b", key=server.key) as jump:
        way = settings(tmp_path, server, jump, jump=jump.target)
        result = await run_scan(SCANNER, way, [server.target])
        assert items(result)
        log = (tmp_path / "b" / "log").read_text()
        assert "Accepted publickey" in log
        unknown = settings(tmp_path, server, jump=jump.target)
        with pytest.raises(InvalidInput, match=f"127.0.0.1:{jump.port} shows a host key that is"):
            await run_scan(SCANNER, unknown, [server.target])


async def test_an_openssh_configuration_names_machines(server: Sshd, tmp_path: Path) -> None:
    configuration = tmp_path / "config"
    configuration.write_text(
        f"Host shop\n HostName 127.0.0.1\n Port {server.port}\n User {getpass.getuser()}\n"
        f" IdentityFile {server.key}\n"
    )
    given = settings(tmp_path, server, configuration=str(configuration), keys=())
    assert items(await run_scan(SCANNER, given, ["shop"]))


async def test_an_unknown_host_key_is_refused_with_what_to_do(server: Sshd, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        await run_scan(SCANNER, settings(tmp_path, keys=(str(server.key),)), [server.target])
    assert "shows a host key that is not known (ssh-ed25519 SHA256:" in refused.value.message
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in refused.value.message


async def test_a_changed_host_key_is_refused_for_what_it_is(server: Sshd, tmp_path: Path) -> None:
    other = Sshd(server.port, server.key, keypair(tmp_path / "other"))
    with pytest.raises(InvalidInput, match="shows another host key than the known one"):
        await run_scan(SCANNER, settings(tmp_path, other), [server.target])


async def test_a_key_that_opens_nothing_is_said_to(server: Sshd, tmp_path: Path) -> None:
    keypair(tmp_path / "stranger")
    given = settings(tmp_path, server, keys=(str(tmp_path / "stranger"),))
    with pytest.raises(InvalidInput, match="does not take the key or password"):
        await run_scan(SCANNER, given, [server.target])


async def test_a_locked_key_without_its_passphrase_is_a_wrong_setting(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n")
    given = settings(tmp_path, keys=(str(locked),), passphrase=Secret("env:P", "hunter2"))
    with pytest.raises(InvalidSettings, match=r"private key .*locked can't be read") as refused:
        await run_scan(SCANNER, given, ["127.0.0.1"])
    assert "hunter2" not in str(refused.value)


async def test_one_dead_machine_of_a_list_is_named_and_the_rest_is_in(
    server: Sshd, tmp_path: Path
) -> None:
    dead = free_port()
    hosts = tmp_path / "hosts.txt"
    hosts.write_text(f"# the shop\n{server.target}\n\n127.0.0.1:{dead}  # gone\n")
    result = await run_scan(SCANNER, settings(tmp_path, server), [str(hosts)])
    assert items(result)
    assert not result.full_scope
    (error,) = [e for e in result.errors if str(dead) in e]
    assert error.startswith(f"127.0.0.1:{dead} can't be signed in to: ")
    hosts.write_text("web1\nweb 2\n")
    with pytest.raises(InvalidInput, match=r"hosts.txt, line 2: 'web 2' is no machine"):
        await run_scan(SCANNER, settings(tmp_path, server), [str(hosts)])


async def test_no_target_is_no_scan() -> None:
    with pytest.raises(InvalidInput, match="Name the machines"):
        await run_scan(SCANNER, SshSettings(), [])


@pytest.mark.parametrize(
    ("forced", "said"),
    [
        ("/bin/false", "does not tell what system it is"),
        ("/bin/echo CP/M", "does not tell what system it is .it says 'CP/M'"),
        ("/usr/bin/yes", "does not tell what system it is .printed more than 16 kB"),
        ("/bin/sleep 1000", "does not tell what system it is .took longer than 8 seconds"),
        (r"/usr/bin/printf '\377\376Linux'", "does not tell what system it is"),
    ],
)
async def test_an_account_that_runs_no_commands_is_bounded_and_named(
    forced: str, said: str, server: Sshd, tmp_path: Path
) -> None:
    with sshd(tmp_path / "b", f"ForceCommand {forced}", key=server.key) as odd:
        given = settings(tmp_path, odd, timeout=8, max_output=16, host_timeout=60)
        with pytest.raises(CmdbError, match=said):
            await run_scan(SCANNER, given, [odd.target])


async def test_one_command_that_hangs_is_named_and_the_rest_is_in(
    server: Sshd, tmp_path: Path
) -> None:
    shell = tmp_path / "shell"
    shell.write_text(
        '#!/bin/sh\ncase "$SSH_ORIGINAL_COMMAND" in\n*"ss -tunap"*) exec sleep 1000;;\n'
        '*" mount"*) exec cat /dev/zero;;\n*) exec sh -c "$SSH_ORIGINAL_COMMAND";;\nesac\n'
    )
    shell.chmod(0o755)
    with sshd(tmp_path / "b", f"ForceCommand {shell}", key=server.key) as odd:
        given = settings(tmp_path, odd, timeout=15, host_timeout=120)
        result = await run_scan(SCANNER, given, [odd.target])
    assert [e.partition(": ")[2].partition(";")[0] for e in result.errors] == [
        "ss took longer than 15 seconds",
        "mount printed more than 8192 kB",
    ]
    assert items(result)[0].properties["kernel"] == os.uname().release
    assert result.partial


async def test_no_argument_and_no_key_is_read_into_the_payload(
    server: Sshd, tmp_path: Path
) -> None:
    secret = f"hunter2-{random.randrange(10**12)}"
    listens = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])))"
    text = f"{listens}\nwhile True: s.accept()"
    port = free_port()
    script = tmp_path / "shop.py"
    script.write_text(text)
    with running([sys.executable, str(script), str(port), "--password", secret], port):
        given = settings(tmp_path, server)
        (payload,) = [p async for p in SCANNER.fetch(given, [server.target], None)]
    assert isinstance(payload, SshPayload)
    assert secret not in repr(payload)
    assert secret.encode() not in msgspec.json.encode(payload)
    (shop,) = [p for p in payload.hosts[0].machine.processes if p.entry == "shop"]
    assert shop.name.startswith("python")


async def test_two_scans_find_the_same_and_a_machine_named_twice_is_one(
    server: Sshd, tmp_path: Path
) -> None:
    given = settings(tmp_path, server, connections=False)
    twice = [server.target, f"ssh://{server.target}/", f"127.0.0.1:{server.port}"]
    results = [await run_scan(SCANNER, given, targets) for targets in (twice, twice)]
    one, other = ([(i.identifiers, i.kind) for i in items(result)] for result in results)
    assert one[0] == other[0]
    assert len([k for k in one if k[1] == one[0][1]]) == 1
    assert "1 of the targets lead to a machine that another one led to." in results[0].notes


async def test_nothing_but_failures_come_of_machines_that_are_all_gone(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    found = [
        f
        async for f in SCANNER.fetch(
            settings(tmp_path, connect_timeout=5), [f"127.0.0.1:{p}" for p in ports], None
        )
    ]
    assert [type(one) for one in found] == [Failure, Failure]


def _installed(package: str) -> str:
    query = [program("dpkg-query", "dpkg"), "-W", "-f", "${Version}", package]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout


async def test_packages_that_are_asked_for_are_told_with_their_versions(
    server: Sshd, tmp_path: Path
) -> None:
    given = settings(tmp_path, server, packages=("openssh-ser*",))
    machine = items(await run_scan(SCANNER, given, [server.target]))[0]
    assert machine.properties["packages"] == [f"openssh-server={_installed('openssh-server')}"]
    without = items(await run_scan(SCANNER, settings(tmp_path, server), [server.target]))[0]
    assert "packages" not in without.properties
