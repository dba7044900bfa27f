"""Hardware, operating system, network interfaces and mounted file systems."""

from __future__ import annotations

import ipaddress
import os
import platform
import re
import socket
import sys
from collections.abc import Collection
from pathlib import Path

import psutil

from discovery.machine.payload import Interface, Machine, Mount

_DMI = Path("/sys/class/dmi/id")
_DMI_FIELDS = (
    "sys_vendor", "product_name", "product_serial", "product_uuid", "chassis_vendor",
    "board_asset_tag",
)  # fmt: skip
_CONTAINER_ID = re.compile(r"/containers/([0-9a-f]{64})/")
_NAMES = """
    autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devfs devpts devtmpfs efivarfs
    fuse.gvfsd-fuse fuse.portal fusectl hugetlbfs iso9660 mqueue nsfs nullfs overlay proc pstore
    ramfs rpc_pipefs securityfs squashfs sysfs tmpfs tracefs udf
"""
NOT_VOLUMES = frozenset(_NAMES.split())
"""File systems that hold no data of their own."""


def read_machine(errors: list[str]) -> Machine:
    """The machine, its operating system and what it runs on. Never raises."""
    hostname = socket.gethostname()
    system, version = _operating_system()
    container, container_id = _container()
    return Machine(
        hostname=hostname.partition(".")[0],
        fqdn=_fqdn(hostname),
        system=platform.system(),
        operating_system=system,
        operating_system_version=version,
        kernel=platform.release(),
        architecture=platform.machine(),
        cpu_count=psutil.cpu_count(),
        memory=psutil.virtual_memory().total,
        boot_time=_boot_time(errors),
        machine_id=_text(Path("/etc/machine-id")) or _text(Path("/var/lib/dbus/machine-id")),
        dmi={name: text for name in _DMI_FIELDS if (text := _text(_DMI / name))},
        hypervisor_flag=_hypervisor_flag(),
        hypervisor_type=_text(Path("/sys/hypervisor/type")),
        container=container,
        container_id=container_id,
        ephemeral_ports=_ephemeral_ports(),
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
    )


def read_interfaces() -> tuple[Interface, ...]:
    """All network interfaces but loopback, in the kernel's order."""
    states = psutil.net_if_stats()
    addresses = psutil.net_if_addrs()
    found = []
    for name in sorted(addresses, key=_interface_order):
        state = states.get(name)
        if state is not None and "loopback" in state.flags.split(","):
            continue
        if name == "lo":
            continue
        found.append(
            Interface(
                name=name,
                mac=next((a.address for a in addresses[name] if a.family == psutil.AF_LINK), ""),
                mtu=state.mtu if state else None,
                speed=state.speed or None if state else None,
                up=state.isup if state else False,
                physical=sys.platform != "linux" or Path(f"/sys/class/net/{name}/device").exists(),
                addresses=tuple(
                    text for a in addresses[name] if (text := with_prefix(a.address, a.netmask))
                ),
            )
        )
    return tuple(found)


def read_mounts(errors: list[str]) -> tuple[Mount, ...]:
    """One mount for each device or share that holds data: the one with the shortest path."""
    try:
        partitions = psutil.disk_partitions(all=True)
    except OSError as error:
        errors.append(f"The mounted file systems can't be read: {error.strerror}.")
        return ()
    shortest: dict[str, tuple[str, str]] = {}
    for part in partitions:
        if not is_volume(part.device, part.fstype, part.mountpoint):
            continue
        known = shortest.get(part.device)
        if known is None or len(part.mountpoint) < len(known[0]):
            shortest[part.device] = (part.mountpoint, part.fstype)
    names = _world_wide_names()
    return tuple(
        _mount(device, *where, wwn=names.get(os.path.realpath(device), ""))
        for device, where in sorted(shortest.items())
    )


def is_volume(device: str, filesystem: str, mount_point: str) -> bool:
    """Whether a mount is a device or share that holds data of its own."""
    if filesystem in NOT_VOLUMES or filesystem.startswith("fuse.snapfuse"):
        return False
    if sys.platform == "linux" and not device.startswith("/dev/") and ":" not in device:
        # Shares are written server:/path or //server/share; what is neither is made up.
        return device.startswith("//")
    # Containers have single files of the host mounted into them.
    return not device.startswith("/dev/loop") and os.path.isdir(mount_point)


def _mount(device: str, mount_point: str, filesystem: str, wwn: str) -> Mount:
    try:
        usage = psutil.disk_usage(mount_point)
    except OSError:
        return Mount(device, mount_point, filesystem, wwn=wwn)
    return Mount(device, mount_point, filesystem, usage.total, usage.used, wwn)


def _world_wide_names() -> dict[str, str]:
    try:
        links = [p for p in Path("/dev/disk/by-id").iterdir() if p.name.startswith("wwn-0x")]
    except OSError:
        return {}
    return {os.path.realpath(link): link.name.removeprefix("wwn-0x") for link in links}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\x00\n\t ")
    except OSError:
        return ""


def _fqdn(hostname: str) -> str:
    if "." in hostname:
        return hostname
    # getfqdn answers with any alias of any address; only one that begins with our name is ours.
    found = socket.getfqdn(hostname)
    return found if found.lower().startswith(f"{hostname.lower()}.") else ""


def _operating_system() -> tuple[str, str]:
    if sys.platform == "darwin":
        return "macOS", platform.mac_ver()[0]
    if sys.platform == "win32":
        return f"Windows {platform.release()}", platform.version()
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return platform.system(), ""
    return release.get("NAME", platform.system()), release.get("VERSION_ID", "")


def _boot_time(errors: list[str]) -> float | None:
    try:
        return psutil.boot_time()
    except (OSError, RuntimeError, psutil.Error):
        errors.append("When the machine was started can't be read.")
        return None


def _hypervisor_flag() -> bool:
    flags = re.search(r"^flags\s*:(.*)$", _text(Path("/proc/cpuinfo")), re.MULTILINE)
    return bool(flags and "hypervisor" in flags[1].split())


def _container() -> tuple[str, str]:
    markers = ("/run/.containerenv", "/.dockerenv")
    return detect_container(
        mounts=_text(Path("/proc/self/mountinfo")),
        declared=_text(Path("/run/systemd/container")) or _from_environment(),
        kubernetes="KUBERNETES_SERVICE_HOST" in os.environ,
        markers=[marker for marker in markers if Path(marker).exists()],
    )


def detect_container(
    mounts: str, declared: str, kubernetes: bool, markers: Collection[str]
) -> tuple[str, str]:
    """The runtime whose container this is, and the container's id where its mounts show it.

    ``mounts`` is what /proc/self/mountinfo holds, ``declared`` what the runtime itself says, and
    ``markers`` the files there are of those that runtimes leave. Both are empty in no container.
    """
    found = _CONTAINER_ID.search(mounts)
    container_id = found[1] if found else ""
    if declared:
        return declared, container_id
    if kubernetes:
        return "kubernetes", container_id
    if "/run/.containerenv" in markers:
        return "podman", container_id
    # An image that became a virtual machine's disk keeps its /.dockerenv, but no layers.
    layered = bool(re.search(r" / / \S+ (?:\S+ )*- overlay ", mounts))
    if container_id or ("/.dockerenv" in markers and layered):
        return "docker", container_id
    return "", ""


def _from_environment() -> str:
    variables = _text(Path("/proc/1/environ")).split("\x00")
    return next((v.partition("=")[2] for v in variables if v.startswith("container=")), "")


def _ephemeral_ports() -> tuple[int, int]:
    words = _text(Path("/proc/sys/net/ipv4/ip_local_port_range")).split()
    if len(words) == 2 and all(word.isdigit() for word in words):
        return int(words[0]), int(words[1])
    return (32768, 60999) if sys.platform == "linux" else (49152, 65535)


def _interface_order(name: str) -> tuple[int, str]:
    try:
        return socket.if_nametoindex(name), name
    except OSError:
        return 2**31, name


def with_prefix(address: str, netmask: str | None) -> str:
    """An address with its prefix length; empty where it is none."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if not netmask:
        return f"{ip}/{ip.max_prefixlen}"
    return f"{ip}/{int(ipaddress.ip_address(netmask.partition('%')[0])).bit_count()}"
