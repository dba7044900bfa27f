"""The small readings of the machine, on what other machines have shown."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest

from discovery.local.fetch_machine import detect_container, is_volume, with_prefix
from discovery.local.fetch_processes import own_sockets, plain_address

ID = "9f" * 32
OVERLAY = "607 552 0:51 / / rw,relatime master:262 - overlay overlay rw,lowerdir=/l"
DISK = "25 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard"
HOSTNAME = (
    f"618 607 254:1 /lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/vda1 rw"
)
DOCKERENV, PODMANENV = "/.dockerenv", "/run/.containerenv"


@pytest.mark.parametrize(
    ("mounts", "declared", "kubernetes", "markers", "found"),
    [
        (DISK, "", False, [], ("", "")),
        (DISK, "", False, [DOCKERENV], ("", "")),  # an image that became a disk
        (OVERLAY, "", False, [DOCKERENV], ("docker", "")),
        (OVERLAY, "", False, [], ("", "")),  # a live system
        (f"{OVERLAY}\n{HOSTNAME}", "", False, [DOCKERENV], ("docker", ID)),
        (f"{OVERLAY}\n{HOSTNAME}", "", True, [], ("kubernetes", ID)),
        (OVERLAY, "", False, [PODMANENV], ("podman", "")),
        (DISK, "lxc", False, [], ("lxc", "")),
        ("", "", False, [], ("", "")),
    ],
)
def test_a_container_is_told_from_a_machine(
    mounts: str, declared: str, kubernetes: bool, markers: Sequence[str], found: tuple[str, str]
) -> None:
    assert detect_container(mounts, declared, kubernetes, markers) == found


@pytest.mark.skipif(os.name != "posix", reason="devices are called otherwise")
def test_volumes_are_what_holds_data(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.touch()
    folder = str(tmp_path)
    assert is_volume("/dev/sda1", "ext4", folder)
    assert is_volume("nas1:/export/home", "nfs4", folder)
    assert is_volume("//nas1/share", "cifs", folder)
    assert not is_volume("/dev/sda1", "ext4", str(file))  # one file of the host in a container
    assert not is_volume("/dev/loop3", "squashfs", folder)
    assert not is_volume("/dev/loop3", "ext4", folder)
    assert not is_volume("tmpfs", "tmpfs", folder)
    assert not is_volume("overlay", "overlay", folder)
    assert not is_volume("lxcfs", "fuse.lxcfs", folder)


@pytest.mark.parametrize(
    ("address", "netmask", "written"),
    [
        ("192.0.2.2", "255.255.255.0", "192.0.2.2/24"),
        ("2001:db8::2", "ffff:ffff:ffff:ffff::", "2001:db8::2/64"),
        ("fe80::1%eth0", "ffff:ffff:ffff:ffff::", "fe80::1/64"),
        ("192.0.2.2", None, "192.0.2.2/32"),
        ("52:54:00:00:00:01", None, ""),
    ],
)
def test_addresses_carry_the_length_of_their_prefix(
    address: str, netmask: str | None, written: str
) -> None:
    assert with_prefix(address, netmask) == written


@pytest.mark.parametrize(
    ("seen", "plain"),
    [
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("*", "*"),
    ],
)
def test_addresses_have_one_form(seen: str, plain: str) -> None:
    assert plain_address(seen) == plain


def test_one_may_always_see_ones_own_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        mine = [s for s in own_sockets() if s.port == port and not s.remote_address]
    assert [(s.protocol, s.address, s.pid) for s in mine] == [("tcp", "127.0.0.1", os.getpid())]
