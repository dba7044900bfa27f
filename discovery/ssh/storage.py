"""Mounted file systems, their size, and where their disks are."""

from __future__ import annotations

import re

from discovery.local.fetch_machine import NOT_VOLUMES
from discovery.machine.payload import Mount
from discovery.machine.shares import share_of
from discovery.ssh.filesystems import mounted, usage_of
from discovery.ssh.output import Outputs, text_of

_LISTED = re.compile(r"(?P<name>\S+) -> (?P<device>\S+)$")
_PORTAL = re.compile(r"ip-(?P<address>[0-9a-fA-F.:\[\]]+):\d+-iscsi-")


def read_mounts(outputs: Outputs) -> tuple[Mount, ...]:
    """One mount for each device or share that holds data: the one with the shortest path."""
    shortest: dict[str, tuple[str, str]] = {}
    for row in mounted(text_of(outputs, "mounts")):
        device, path = str(row.get("filesystem", "")), str(row.get("mount_point", ""))
        kind = _type(row)
        if node := row.get("node"):  # AIX names the server in a column of its own
            device = f"{node}:{device}"
        if kind in NOT_VOLUMES or device.startswith("/dev/loop"):
            continue
        if not device.startswith("/dev/") and share_of(Mount(device, path, kind)) is None:
            continue
        if device not in shortest or len(path) < len(shortest[device][0]):
            shortest[device] = (path, kind)
    usage = usage_of(text_of(outputs, "usage"))
    disks = Disks(text_of(outputs, "disks"))
    found = []
    for device, (path, kind) in sorted(shortest.items()):
        total, used = usage.get(path, (None, None))
        found.append(
            Mount(
                device,
                path,
                kind,
                None if total is None else total * 1024,
                None if used is None else used * 1024,
                disks.wwn(device),
                disks.portal(device),
            )
        )
    return tuple(found)


def _type(row: dict[str, object]) -> str:
    """The file system's type; BSD has it as the first of the options."""
    options = row.get("options")
    first = str(options[0]) if isinstance(options, list) and options else ""
    return str(row.get("type") or first)


class Disks:
    """What ``ls -l`` of /dev/mapper and /dev/disk says: which names lead to which device."""

    def __init__(self, text: str) -> None:
        self._mapped: dict[str, str] = {}
        self._wwn: dict[str, str] = {}
        self._portal: dict[str, str] = {}
        folder = ""
        for line in text.splitlines():
            if line.startswith("/") and line.endswith(":"):
                folder = line[:-1]
            elif row := _LISTED.search(line):
                device = row["device"].rpartition("/")[2]
                self._name(folder, row["name"], device)

    def _name(self, folder: str, name: str, device: str) -> None:
        if folder == "/dev/mapper":
            self._mapped[f"/dev/mapper/{name}"] = device
        elif name.startswith("wwn-0x"):
            self._wwn[device] = name.removeprefix("wwn-0x")
        elif found := _PORTAL.match(name):
            self._portal[device] = found["address"].strip("[]")

    def _device(self, path: str) -> str:
        return self._mapped.get(path, path.rpartition("/")[2])

    def wwn(self, path: str) -> str:
        """The world-wide name of a device; empty where it has none."""
        return self._wwn.get(self._device(path), "")

    def portal(self, path: str) -> str:
        """The address of the iSCSI target that a device is on; empty where it is on none."""
        return self._portal.get(self._device(path), "")
