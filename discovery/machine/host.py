"""The machine itself: what kind of thing it is, and how it is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cmdb.identity.identifiers import ip_identifier
from cmdb.identity.junk import junk_reason
from cmdb.items import ItemObservation
from cmdb.items.value import format_time
from discovery.machine.addresses import is_outer, machine_id
from discovery.machine.payload import Machine, MachinePayload
from discovery.machine.view import View
from discovery.observer import Observer

_VIRTUAL_HARDWARE = re.compile(
    r"qemu|kvm|vmware|virtualbox|innotek|xen|hvm domu|bochs|parallels|bhyve|openstack"
    r"|google compute engine|amazon ec2|digitalocean|hetzner|vserver|linode|vultr|scaleway"
    r"|alibaba cloud|virtual machine|firecracker|cloud hypervisor|nutanix ahv|ovirt|rhev"
    r"|apple virtualization",
    re.IGNORECASE,
)
"""What the firmware of virtual machines calls its maker or product."""
_PHYSICAL_HARDWARE = re.compile(r"\.metal\b", re.IGNORECASE)
"""Clouds rent whole machines too, and their firmware names the cloud all the same."""
_EC2_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_SYSTEM_CONTAINERS = frozenset({"lxc", "lxc-libvirt", "openvz", "systemd-nspawn", "wsl"})
"""Runtimes whose containers hold a whole operating system and are run like machines."""


def shared_key(own_id: str) -> str:
    """The key of a thing on a machine, the same for every source that looks at machines.

    Parts that have no identifier of their own (a port, a disk, a process that only listens for its
    own machine) are one item for all of them by it.
    """
    return f"key:machine/{own_id}"


def host_kind(machine: Machine) -> str:
    """``Container``, ``VirtualMachine`` or ``Server``: the last where nothing says otherwise."""
    if machine.container:
        return "VirtualMachine" if machine.container in _SYSTEM_CONTAINERS else "Container"
    hardware = " ".join((machine.dmi.get("sys_vendor", ""), machine.dmi.get("product_name", "")))
    told = _kind_of(hardware)
    if told == "Server":
        return told
    if told or machine.hypervisor_type == "xen":
        return "VirtualMachine"
    # Hypervisors with a parent partition set the flag for themselves as well, but name their maker.
    return "VirtualMachine" if machine.hypervisor_flag and not hardware.strip() else "Server"


@lru_cache(maxsize=4096)
def _kind_of(hardware: str) -> str:
    """The kind that hardware of that maker and model surely is; empty where it may be either."""
    if _PHYSICAL_HARDWARE.search(hardware):
        return "Server"
    return "VirtualMachine" if _VIRTUAL_HARDWARE.search(hardware) else ""


def host_observation(
    observer: Observer,
    payload: MachinePayload,
    view: View,
    own_id: str,
    addresses: Sequence[str],
) -> ItemObservation:
    """The machine with all that identifies it."""
    machine = payload.machine
    kind = host_kind(machine)
    if kind == "Container":
        return observer.item(
            kind,
            own_id,
            [
                shared_key(own_id),
                *([f"container:{machine.container_id}"] if machine.container_id else []),
            ],
            {"name": machine.hostname, "runtime": machine.container},
        )
    dmi = machine.dmi
    return observer.item(
        kind,
        own_id,
        [
            shared_key(own_id),
            *_cloud(dmi),
            f"serial:{dmi.get('product_serial', '')}",
            f"uuid:{dmi.get('product_uuid', '')}",
            *(f"mac:{i.mac}" for i in payload.interfaces if i.mac and is_outer(i)),
            f"machine-id:{machine_id(machine)}",
            f"fqdn:{machine.fqdn}",
            *(ip_identifier(address, view.address_scope) for address in addresses),
        ],
        {
            "name": machine.hostname,
            "hostname": machine.fqdn or machine.hostname,
            "environment": view.environment,
            "operating_system": machine.operating_system or machine.system,
            "operating_system_version": machine.operating_system_version,
            "kernel": machine.kernel,
            "architecture": machine.architecture,
            "cpu_count": machine.cpu_count,
            "memory": machine.memory,
            "ip_addresses": list(addresses) or None,
            "vendor": _told(dmi.get("sys_vendor", "")),
            "model": _told(dmi.get("product_name", "")),
            "serial_number": _told(dmi.get("product_serial", "")),
            "boot_time": _boot_time(machine.boot_time),
            "packages": [f"{n}={v}" for n, v in sorted(payload.packages.items())] or None,
        },
    )


def _cloud(dmi: Mapping[str, str]) -> list[str]:
    """The identifier of an instance at AWS: its firmware has it as the board's asset tag."""
    tag = dmi.get("board_asset_tag", "")
    named = dmi.get("sys_vendor") == "Amazon EC2" and _EC2_INSTANCE.fullmatch(tag)
    return [f"cloud:{tag}"] if named else []


def _told(text: str) -> str | None:
    """What the firmware says, unless its maker left the placeholder in."""
    return None if junk_reason(f"serial:{text.upper()}") else text


def _boot_time(seconds: float | None) -> str | None:
    """To the minute: kernels compute it anew each time, and it drifts by seconds."""
    if seconds is None:
        return None
    booted = datetime.fromtimestamp(seconds, UTC) + timedelta(seconds=30)
    return format_time(booted.replace(second=0, microsecond=0))
