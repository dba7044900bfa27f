"""What many systems print, as others recorded it, is read as it was meant."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from discovery.machine.payload import Mount, Socket
from discovery.ssh.commands import command_line, commands
from discovery.ssh.interfaces import read_interfaces
from discovery.ssh.linux import read_linux
from discovery.ssh.output import Output
from discovery.ssh.packages import packages_in, versions_in
from discovery.ssh.sockets import read_sockets
from discovery.ssh.storage import read_mounts
from discovery.ssh.unix import read_hardware, read_unix


@pytest.fixture(scope="session")
def fixtures(shared_data: Path) -> Path:
    return shared_data / "jc-fixtures/tests/fixtures"


def printed(fixtures: Path, name: str) -> str:
    return (fixtures / name).read_text("utf-8")


def meant(fixtures: Path, name: str) -> list[dict[str, Any]]:
    """What those who recorded it say that it means."""
    path = (fixtures / name).with_suffix(".json")
    packed = path.with_name(f"{path.name}.gz")
    data = gzip.decompress(packed.read_bytes()) if packed.is_file() else path.read_bytes()
    found = json.loads(data)
    assert isinstance(found, list)
    return found


def numbered(rows: list[dict[str, Any]], protocol: str, remote: str) -> set[tuple[str, str, int]]:
    """TCP and UDP sockets of a recording's meaning that have numbers for ports."""
    return {
        (str(row[protocol]).rstrip("46"), str(row["local_address"]).partition("%")[0], port)
        for row in rows
        if str(row.get(protocol, "")).startswith(("tcp", "udp"))
        and row.get("state") in (None, "", "LISTEN", "UNCONN", "ESTAB", "ESTABLISHED")
        and (port := row.get("local_port_num")) is not None
        and remote in row
    }


@pytest.mark.parametrize("name", ["generic/ss-wide", "ubuntu-18.04/ss-sudo-tulpen"])
def test_sockets_of_ss(name: str, fixtures: Path) -> None:
    rows = meant(fixtures, f"{name}.out")
    found = read_sockets(printed(fixtures, f"{name}.out"))
    wanted = {
        (p, {"*": "::"}.get(a.strip("[]"), a.strip("[]")), port)
        for p, a, port in numbered(rows, "netid", "peer_address")
    }
    assert {(s.protocol, s.address, s.port) for s in found} == wanted
    owned = {pid for row in rows for pid in row.get("opts", {}).get("process_id", {})}
    assert {s.pid for s in found if s.pid is not None} <= {int(pid) for pid in owned}
    assert len([s for s in found if s.pid]) > len(found) / 2


@pytest.mark.parametrize(
    "name",
    [
        "centos-7.7/netstat-sudo-lnp",
        "ubuntu-18.04/netstat-sudo-lnp",
        "ubuntu-18.04/netstat-sudo-lnp-space",
        "generic/netstat-no-state",
        "generic/netstat-old",
    ],
)
def test_sockets_of_netstat(name: str, fixtures: Path) -> None:
    rows = meant(fixtures, f"{name}.out")
    found = read_sockets(printed(fixtures, f"{name}.out"))
    assert {(s.protocol, s.address, s.port) for s in found} == numbered(
        rows, "proto", "foreign_address"
    )
    assert {s.pid for s in found} == {
        row.get("pid") for row in rows if str(row.get("proto")).startswith(("tcp", "udp"))
    }


@pytest.mark.parametrize("system", ["centos-7.7", "ubuntu-18.04"])
def test_names_instead_of_numbers_are_no_addresses(system: str, fixtures: Path) -> None:
    for name in ("netstat", "netstat-i", "netstat-r", "netstat-l", "netstat-p"):
        found = read_sockets(printed(fixtures, f"{system}/{name}.out"))
        assert all(s.address[0] in "0123456789:" for s in found)


@pytest.mark.parametrize("system", ["centos-7.7", "ubuntu-18.04"])
def test_interfaces_of_ifconfig(system: str, fixtures: Path) -> None:
    rows = meant(fixtures, f"{system}/ifconfig.out")
    found = read_interfaces(printed(fixtures, f"{system}/ifconfig.out"), frozenset(), {})
    wanted = {row["name"]: row for row in rows if row["name"] != "lo"}
    assert {i.name for i in found} == set(wanted)
    for interface in found:
        row = wanted[interface.name]
        assert interface.mac == (row["mac_addr"] or "")
        assert interface.mtu == row["mtu"]
        if row["ipv4_addr"]:
            assert f"{row['ipv4_addr']}/" in interface.addresses[0]


@pytest.mark.parametrize("system", ["centos-7.7", "ubuntu-18.04", "aix-7.1"])
def test_mounts_that_hold_data(system: str, fixtures: Path) -> None:
    rows = meant(fixtures, f"{system}/mount.out")
    outputs = {"mounts": Output(printed(fixtures, f"{system}/mount.out"))}
    if system != "aix-7.1":
        outputs["usage"] = Output(printed(fixtures, f"{system}/df.out"))
    found = read_mounts(outputs)
    devices = {row["filesystem"] for row in rows if row["filesystem"].startswith("/dev/")}
    assert {m.device for m in found} == {d for d in devices if not d.startswith("/dev/loop")}
    if system != "aix-7.1":
        (root,) = [m for m in found if m.mount_point == "/"]
        assert root.capacity
        assert root.used
    else:
        assert Mount("/dev/hd4", "/", "jfs2") in found


@pytest.mark.parametrize("system", ["centos-7.7", "fedora32", "ubuntu-18.04"])
def test_hardware_of_dmidecode(system: str, fixtures: Path) -> None:
    (row,) = [r for r in meant(fixtures, f"{system}/dmidecode.out") if r["type"] == 1]
    found = read_hardware(printed(fixtures, f"{system}/dmidecode.out"))
    assert found["sys_vendor"] == row["values"]["manufacturer"]
    assert found["product_name"] == row["values"]["product_name"]
    assert found["product_serial"] == row["values"]["serial_number"]
    assert found["product_uuid"] == row["values"]["uuid"]


@pytest.mark.parametrize("name", ["centos", "ubuntu"])
def test_distributions(name: str, fixtures: Path) -> None:
    said = json.loads((fixtures / f"generic/os-release-{name}.json").read_text())
    outputs = {
        "system": Output("Linux box.example.org 6.1 x86_64\n"),
        "release": Output(printed(fixtures, f"generic/os-release-{name}")),
    }
    machine = read_linux(outputs).machine
    assert machine.operating_system == said["NAME"]
    assert machine.operating_system_version == said["VERSION_ID"]
    assert (machine.hostname, machine.fqdn) == ("box", "box.example.org")


def test_nothing_that_is_printed_breaks_a_reader(fixtures: Path) -> None:
    for path in sorted(fixtures.rglob("*")):
        if path.is_file() and path.suffix == ".out":
            text = Output(path.read_text("utf-8", errors="replace")[:8_000])
            outputs = {command.name: text for command in commands()}
            read_linux(outputs)
            read_unix(outputs)


FREEBSD = {
    "system": Output("FreeBSD bsd1.example.org 14.1-RELEASE amd64\n"),
    "processors": Output("4\n"),
    "interfaces": Output(
        "em0: flags=8863<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500\n"
        "\tether 08:00:27:11:22:33\n"
        "\tinet 10.0.0.7 netmask 0xffffff00 broadcast 10.0.0.255\n"
        "\tmedia: Ethernet autoselect (1000baseT <full-duplex>)\n\tstatus: active\n"
        "lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> metric 0 mtu 16384\n"
        "\tinet 127.0.0.1 netmask 0xff000000\n"
    ),
    "sockets": Output(
        "Active Internet connections (including servers)\n"
        "Proto Recv-Q Send-Q Local Address          Foreign Address        (state)\n"
        "tcp4       0      0 10.0.0.7.22            10.0.0.9.50404         ESTABLISHED\n"
        "tcp4       0      0 10.0.0.7.39022         10.0.0.8.5432          ESTABLISHED\n"
        "tcp6       0      0 *.22                   *.*                    LISTEN\n"
        "tcp4       0      0 *.80                   *.*                    LISTEN\n"
        "udp4       0      0 *.514                  *.*\n"
    ),
    "processes": Output("  1  0 root /sbin/init\n 700  1 root /usr/sbin/sshd\n 701 1 www nginx\n"),
    "mounts": Output(
        "/dev/ada0p2 on / (ufs, local, journaled soft-updates)\n"
        "devfs on /dev (devfs)\nnas1:/srv/home on /home (nfs)\n"
    ),
    "hardware": Output("hw: not found", 127),
}


def test_a_bsd_is_a_machine_with_its_software_guessed_by_its_ports() -> None:
    found = read_unix(FREEBSD)
    assert found.machine.operating_system == "FreeBSD"
    assert found.machine.fqdn == "bsd1.example.org"
    assert found.machine.architecture == "amd64"
    (em0,) = found.interfaces
    assert (em0.mac, em0.addresses) == ("08:00:27:11:22:33", ("10.0.0.7/24",))
    assert found.sockets == (
        Socket("tcp", "0.0.0.0", 80),
        Socket("tcp", "10.0.0.7", 22, "10.0.0.9", 50404),
        Socket("tcp", "10.0.0.7", 39022, "10.0.0.8", 5432),
        Socket("tcp", "::", 22),
        Socket("udp", "0.0.0.0", 514),
    )
    assert [(p.name, p.exe) for p in found.processes] == [
        ("init", "/sbin/init"),
        ("sshd", "/usr/sbin/sshd"),
        ("nginx", ""),
    ]
    assert found.mounts == (
        Mount("/dev/ada0p2", "/", "ufs"),
        Mount("nas1:/srv/home", "/home", "nfs"),
    )


def test_aix_says_its_serial_number_behind_maker_and_plant() -> None:
    said = "modelname IBM,9009-42A Machine name False\nsystemid IBM,0213ABCDE Hardware id False\n"
    assert read_hardware(said) == {
        "sys_vendor": "IBM",
        "product_name": "9009-42A",
        "product_serial": "13ABCDE",
    }


def test_disks_are_known_by_their_names_and_targets() -> None:
    outputs = {
        "mounts": Output(
            "/dev/mapper/vg-db on /srv/db type xfs (rw)\n/dev/sdb1 on /srv/x type ext4 (rw)\n"
            "/dev/sda1 on / type ext4 (rw)\ntmpfs on /run type tmpfs (rw)\n"
        ),
        "disks": Output(
            "/dev/disk/by-id:\nlrwxrwxrwx 1 root root 9 x wwn-0x5000c500a1b2c3d4 -> ../../sda1\n"
            "lrwxrwxrwx 1 root root 9 x wwn-0x6001405aaaa -> ../../dm-0\n\n"
            "/dev/disk/by-path:\nlrwxrwxrwx 1 root root 9 x "
            "ip-10.0.0.50:3260-iscsi-iqn.2003-01.org.example:shop-lun-1-part1 -> ../../sdb1\n\n"
            "/dev/mapper:\nlrwxrwxrwx 1 root root 7 x vg-db -> ../dm-0\n"
        ),
    }
    assert read_mounts(outputs) == (
        Mount("/dev/mapper/vg-db", "/srv/db", "xfs", wwn="6001405aaaa"),
        Mount("/dev/sda1", "/", "ext4", wwn="5000c500a1b2c3d4"),
        Mount("/dev/sdb1", "/srv/x", "ext4", portal="10.0.0.50"),
    )


def test_versions_come_from_dpkg_or_rpm() -> None:
    files = ["/usr/bin/redis-check-rdb", "/usr/sbin/nginx"]
    text = "redis-tools: /usr/bin/redis-check-rdb\nnginx-light:amd64: /usr/sbin/nginx\n"
    packages, versions = packages_in(text, files)
    assert versions == {}
    said = "redis-tools|5:7.0.15-1~deb12u1\nnginx-light|1.22.1-9\n"
    assert versions_in(said, packages) == {
        "/usr/bin/redis-check-rdb": "7.0.15",
        "/usr/sbin/nginx": "1.22.1",
    }
    missing = "file /bin/x is not owned by any package"
    assert packages_in(f"{missing}\nnginx|1.20\n", ["/usr/sbin/nginx"]) == (
        {},
        {"/usr/sbin/nginx": "1.20"},
    )


def test_every_command_only_reads_and_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/ssh.md").read_text("utf-8").replace("\\|", "|")
    for command in commands():
        assert command.reads.endswith(".")
        for run in filter(None, (command.run, command.instead)):
            assert f"`{run}`" in page
            assert run.split()[0] not in {"rm", "mv", "cp", "tee", "dd", "sh", "env", "printenv"}
            assert ">" not in run
            assert "environ" not in run


def test_a_command_is_quoted_but_for_patterns_of_files() -> None:
    assert command_line("docker ps --format {{.ID}}|{{.Names}}") == (
        "env LC_ALL=C docker ps --format '{{.ID}}|{{.Names}}'"
    )
    assert command_line("ls -l /proc/[0-9]*/exe", sudo=True) == (
        "sudo -n env LC_ALL=C sh -c 'ls -l /proc/[0-9]*/exe'"
    )
    assert "'/tmp/a;reboot'" in command_line("cat /tmp/a;reboot")
