"""Machines that were read over SSH: their connections are told once, and clones stay apart."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cmdb.errors import InvalidInput
from cmdb.ingest import Loaded
from cmdb.items import Item, ItemObservation, LinkObservation
from cmdb.store.sqlite import SqliteStore
from discovery.machine.payload import Interface, Machine, MachinePayload, Process, Socket
from discovery.run import run_scan
from discovery.scanner import Failure, Parsed, decode_payload, encode_payload
from discovery.ssh import SCANNER, SshSettings
from discovery.ssh.commands import commands
from discovery.ssh.linux import read_linux
from discovery.ssh.output import Output
from discovery.ssh.payload import SshHost, SshPayload
from discovery.ssh.runner import Runner
from discovery.ssh.targets import read_target
from tests.discovery.conftest import load_scan

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CLONE = "3d1219c7c4c5404aaa1f6d2a48adfda4"


def host(number: int, name: str, sockets: tuple[Socket, ...], *programs: str) -> SshHost:
    """A clone with an address of its own, and its programs as the processes 100, 101, …"""
    processes = tuple(Process(100 + n, 1, p, f"/usr/sbin/{p}") for n, p in enumerate(programs))
    return SshHost(
        f"root@10.0.0.{number}",
        f"10.0.0.{number}",
        22,
        MachinePayload(
            Machine(name, "Linux", "6.1", "x86_64", machine_id=CLONE, root=True),
            (
                Interface(
                    "eth0",
                    f"52:54:00:00:00:{number:02x}",
                    physical=True,
                    addresses=(f"10.0.0.{number}/24",),
                ),
            ),
            (Socket("tcp", "0.0.0.0", 22, pid=100), *sockets),
            processes,
        ),
    )


WEB = host(
    1,
    "web1",
    (
        Socket("tcp", "0.0.0.0", 80, pid=101),
        Socket("tcp", "10.0.0.1", 40000, "10.0.0.2", 5432, 101),
        Socket("tcp", "10.0.0.1", 40002, "10.0.0.2", 5432, 101),
        Socket("tcp", "10.0.0.1", 40001, "10.0.0.9", 6379, 101),
        Socket("tcp", "10.0.0.1", 22, "10.0.0.100", 50000, 100),
        Socket("tcp", "10.0.0.1", 80, "198.41.0.4", 50001, 101),
    ),
    "sshd",
    "haproxy",
)
DB = host(
    2,
    "db1",
    (
        Socket("tcp", "10.0.0.2", 5432, pid=101),
        Socket("tcp", "10.0.0.2", 5432, "10.0.0.1", 40000, 101),
        Socket("tcp", "10.0.0.2", 5432, "10.0.0.1", 40002, 101),
        Socket("tcp", "10.0.0.2", 5432, "10.0.0.50", 33333, 101),
        Socket("tcp", "10.0.0.2", 22, "10.0.0.1", 40009, 100),
    ),
    "sshd",
    "postgres",
)


def parsed(*hosts: SshHost, **settings: object) -> Parsed:
    payload = SshPayload(tuple(h.target for h in hosts), hosts)
    assert decode_payload(SCANNER, encode_payload(payload)) == payload
    return SCANNER.parse(payload, msgspec.convert(settings, SshSettings), NOW)


def connections(result: Parsed) -> dict[tuple[str, str], LinkObservation]:
    name = {
        k: str(o.properties["name"])
        for o in result.observations
        if isinstance(o, ItemObservation)
        for k in o.identifiers
    }
    return {
        (name.get(o.from_key, o.from_key), name.get(o.to_key, o.to_key)): o
        for o in result.observations
        if isinstance(o, LinkObservation) and o.relation == "CONNECTS_TO"
    }


def test_a_connection_that_both_ends_show_is_one_link() -> None:
    found = connections(parsed(WEB, DB))
    assert set(found) == {
        ("haproxy on web1", "postgresql on db1"),
        ("haproxy on web1", "endpoint:default/tcp/10.0.0.9:6379"),
        ("ip:default/10.0.0.50", "postgresql on db1"),
    }
    link = found["haproxy on web1", "postgresql on db1"]
    assert link.confidence == 1.0
    assert link.evidence == "established TCP connection on db1 and web1"
    assert found["ip:default/10.0.0.50", "postgresql on db1"].confidence == 0.8


def test_the_order_of_the_machines_does_not_matter() -> None:
    one, other = connections(parsed(WEB, DB)), connections(parsed(DB, WEB))
    assert {k: v.evidence for k, v in one.items()} == {k: v.evidence for k, v in other.items()}


def test_a_client_whose_sockets_hide_is_told_by_its_machine() -> None:
    blind = msgspec.structs.replace(WEB, machine=msgspec.structs.replace(WEB.machine, sockets=()))
    found = connections(parsed(blind, DB))
    assert ("web1", "postgresql on db1") in found
    assert found["web1", "postgresql on db1"].evidence == "established TCP connection on db1"


def test_an_account_that_does_not_see_all_owners_saw_not_all() -> None:
    kernel = Socket("tcp", "0.0.0.0", 2049)
    told = msgspec.structs.replace(DB.machine, sockets=(*DB.machine.sockets, kernel))
    as_root = msgspec.structs.replace(DB, machine=told)
    assert parsed(WEB, as_root).full
    user = msgspec.structs.replace(told.machine, root=False)
    as_user = msgspec.structs.replace(DB, machine=msgspec.structs.replace(told, machine=user))
    result = parsed(WEB, as_user)
    assert not result.full
    assert result.notes == (
        "Not all owners of sockets show on db1; as root, or with sudo=true, they would.",
    )


def test_clients_that_were_not_scanned_may_be_left_out() -> None:
    assert ("ip:default/10.0.0.50", "postgresql on db1") not in connections(
        parsed(WEB, DB, clients=False)
    )
    assert connections(parsed(WEB, DB, connections=False)) == {}


def test_the_same_ports_on_other_machines_are_other_connections() -> None:
    other = host(3, "db2", (Socket("tcp", "10.0.0.3", 5432, pid=101),), "sshd", "postgres")
    assert not [k for k in connections(parsed(WEB, DB, other)) if "db2" in k[1]]


async def load(store: SqliteStore, minutes: int) -> Loaded:
    """The two machines stored, as they were seen so many minutes later."""
    payload = SshPayload((WEB.target, DB.target), (WEB, DB))

    async def fetch(*_: object) -> AsyncIterator[SshPayload | Failure]:
        yield payload

    scanner = dataclasses.replace(SCANNER, fetch=fetch)
    found = await run_scan(scanner, SshSettings(), ["x"], NOW + timedelta(minutes=minutes))
    assert found.full_scope
    return await load_scan(store, found)


async def test_clones_stay_apart_and_a_second_scan_changes_nothing() -> None:
    store = await SqliteStore.open(":memory:")
    first, second = await load(store, 0), await load(store, 1)
    assert first.rejected == []
    items = [v async for v in store.stream() if isinstance(v, Item)]
    assert sorted(str(i.properties["name"]) for i in items if i.kind == "Server") == ["db1", "web1"]
    assert second.run.counts.get("created", 0) == second.run.counts.get("updated", 0) == 0
    assert second.run.counts.get("links_created", 0) == 0


def test_machines_without_a_hardware_address_are_told_apart_by_where_they_are() -> None:
    bare = [
        msgspec.structs.replace(h, machine=msgspec.structs.replace(h.machine, interfaces=()))
        for h in (WEB, DB)
    ]
    found = [o for o in parsed(*bare).observations if isinstance(o, ItemObservation)]
    assert len({o.identifiers[0] for o in found if o.kind == "Server"}) == 2


def test_clones_with_one_hardware_address_are_two_where_their_interfaces_differ() -> None:
    twin = msgspec.structs.replace(
        DB,
        machine=msgspec.structs.replace(
            DB.machine,
            interfaces=(
                msgspec.structs.replace(DB.machine.interfaces[0], mac="52:54:00:00:00:01"),
            ),
        ),
    )
    result = parsed(WEB, twin)
    found = [o for o in result.observations if isinstance(o, ItemObservation)]
    assert len({o.identifiers[0] for o in found if o.kind == "Server"}) == 2


@pytest.mark.parametrize("text", ["", "a b", "-oProxyCommand=x", "a:99999", "u:pw@host", "a:b"])
def test_what_is_no_machine_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no machine to sign in to") as refused:
        read_target(text)
    assert "pw" not in refused.value.message


@pytest.mark.parametrize("text", ["web1", "ops@web1:2222", "ops@[2001:db8::1]:22", "10.0.0.1"])
def test_a_machine_is_written_as_it_was_read(text: str) -> None:
    assert str(read_target(text)) == text


class Session:
    """A machine whose sudo wants a password."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def run(self, line: str) -> Output:
        self.lines.append(line)
        if line.startswith("sudo"):
            return Output("", 1, "sudo: a password is required")
        return Output("Netid State\n") if "ss" in line else Output("", 127, "not found")


async def test_where_sudo_is_refused_it_is_asked_once_and_told() -> None:
    session = Session()
    runner = Runner(session, sudo=True)
    (sockets,) = [c for c in commands() if c.name == "sockets" and c.system == "linux"]
    assert (await runner.run(sockets)).text == "Netid State\n"
    assert (await runner.run(sockets)).text == "Netid State\n"
    assert [line.split()[0] for line in session.lines] == ["sudo", "env", "env"]
    assert runner.refusal == "sudo was refused (sudo: a password is required)"


async def test_another_program_is_run_where_the_first_is_not_there() -> None:
    session = Session()
    runner = Runner(session, sudo=False)
    (interfaces,) = [c for c in commands() if c.name == "interfaces" and c.system == "linux"]
    await runner.run(interfaces)
    assert session.lines == ["env LC_ALL=C ip -j addr", "env LC_ALL=C ifconfig -a"]


@pytest.mark.parametrize(
    ("name", "programs"),
    [
        ("web1", {"haproxy", "net-snmp", "openssh"}),
        ("app1", {"nginx:8080", "net-snmp", "openssh"}),
        ("db1", {"postgresql", "redis", "net-snmp", "openssh"}),
    ],
)
def test_what_the_lab_s_hosts_printed(name: str, programs: set[str]) -> None:
    recording = Path(__file__).parent / f"recordings/{name}.json"
    outputs = msgspec.json.decode(recording.read_bytes(), type=dict[str, Output])
    found = SshHost(name, "10.99.0.1", 22, read_linux(outputs))
    result = parsed(found)
    software = {
        str(o.properties["name"]).removesuffix(f" on {name}")
        for o in result.observations
        if isinstance(o, ItemObservation) and o.kind in ("SoftwareInstance", "DatabaseInstance")
    }
    assert software == programs
    assert result.errors == ()
    assert result.full


def test_a_worker_of_one_s_own_is_an_item_by_the_name_of_its_service() -> None:
    outputs = {
        "system": Output("Linux web1 6.1 x86_64\n"),
        "processes": Output(
            "100 1 root sshd\n200 1 shop python3\n201 200 shop python3\n300 1 root cron\n"
            "400 1 shop gunicorn\n401 400 shop gunicorn\n500 1 root rsync\n"
        ),
        "units": Output(
            "/proc/100/cgroup:0::/system.slice/ssh.service\n"
            "/proc/200/cgroup:0::/system.slice/orders-worker.service\n"
            "/proc/201/cgroup:0::/system.slice/orders-worker.service\n"
            "/proc/300/cgroup:1:name=systemd:/system.slice/cron.service\n"
            "/proc/400/cgroup:0::/system.slice/system-shop.slice/shop@blue.service\n"
            "/proc/401/cgroup:0::/system.slice/system-shop.slice/shop@blue.service\n"
            "/proc/500/cgroup:0::/system.slice/backup.service\n"
        ),
        "own_units": Output(
            "total 12\n"
            "-rw-r--r-- 1 root root 310 May  1 10:00 orders-worker.service\n"
            "-rw-r--r-- 1 root root 310 May  1 10:00 shop@.service\n"
            "-rw-r--r-- 1 root root 310 May  1 10:00 backup.service\n"
            "-rw-r--r-- 1 root root 310 May  1 10:00 backup.timer\n"
            "lrwxrwxrwx 1 root root 35 May 1 10:00 cron.service -> /lib/systemd/cron.service\n"
        ),
        "sockets": Output(
            "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
            'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=100,fd=3))\n'
            'tcp LISTEN 0 128 0.0.0.0:8000 0.0.0.0:* users:(("gunicorn",pid=400,fd=3))\n'
            'tcp ESTAB 0 0 10.0.0.1:5000 10.0.0.9:5672 users:(("python3",pid=201,fd=3))\n'
        ),
        "account": Output("0\n"),
    }
    machine = read_linux(outputs)
    result = parsed(SshHost("web1", "10.0.0.1", 22, machine))
    software = {
        str(o.properties["name"]): (o.properties.get("unit"), o.identifiers[0].rpartition("/")[2])
        for o in result.observations
        if isinstance(o, ItemObservation) and o.kind == "SoftwareInstance"
    }
    assert software == {
        "openssh on web1": ("ssh", "openssh:22"),
        "gunicorn on web1": ("shop@blue", "gunicorn:8000"),
        "orders-worker on web1": ("orders-worker", "orders-worker"),
    }
    assert ("orders-worker on web1", "endpoint:default/tcp/10.0.0.9:5672") in connections(result)
