"""What is read from the machine, before anybody thinks about it. No command arguments in it.

Of what there is much on a machine, no value can hold itself: so the collector of cycles is not
told of it (``gc=False``).
"""

from __future__ import annotations

import msgspec


class Machine(msgspec.Struct, frozen=True, omit_defaults=True):
    """The machine itself.

    ``dmi`` has the firmware's fields that could be read, ``hypervisor_flag`` is the processor's own
    word for running under one. ``container`` is the runtime whose container this is, empty where it
    is none. ``ephemeral_ports`` are the first and last port that outgoing connections get.
    """

    hostname: str
    system: str
    kernel: str
    architecture: str
    fqdn: str = ""
    operating_system: str = ""
    operating_system_version: str = ""
    cpu_count: int | None = None
    memory: int | None = None
    boot_time: float | None = None
    machine_id: str = ""
    dmi: dict[str, str] = {}
    hypervisor_flag: bool = False
    hypervisor_type: str = ""
    container: str = ""
    container_id: str = ""
    ephemeral_ports: tuple[int, int] = (32768, 60999)
    root: bool = False


class Interface(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A network interface; ``addresses`` have their prefix length, ``physical`` ones a device."""

    name: str
    mac: str = ""
    mtu: int | None = None
    speed: int | None = None
    up: bool = False
    physical: bool = False
    addresses: tuple[str, ...] = ()


class Socket(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A TCP or UDP socket: listening without a remote end, connected with one.

    ``pid`` is None where the owner may not be seen.
    """

    protocol: str
    address: str
    port: int
    remote_address: str = ""
    remote_port: int = 0
    pid: int | None = None


class Process(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A process. ``entry`` is what an interpreter runs (a class, module or script's name),
    ``unit`` the service of systemd that it is part of, without its suffix."""

    pid: int
    parent: int
    name: str
    exe: str = ""
    entry: str = ""
    user: str = ""
    unit: str = ""


class Mount(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A mounted file system on a device or server; sizes in bytes.

    ``portal`` is the address of the iSCSI target that the device is on, empty where it is on none.
    """

    device: str
    mount_point: str
    filesystem: str
    capacity: int | None = None
    used: int | None = None
    wwn: str = ""
    portal: str = ""


class RunningContainer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A container as its runtime, or the process that watches over it, knows it."""

    runtime: str
    id: str
    name: str = ""
    image: str = ""


class MachinePayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that one look at a machine reads.

    ``own_units`` are the services of systemd that the machine's people wrote, and that no timer
    starts; ``packages`` are the installed packages that were asked for, with their versions.

    ``versions`` are the versions of the packages that executables came from. ``closed_sockets`` are
    the sockets of container runtimes that this user may not ask. ``errors`` are sentences about
    what could not be read at all.
    """

    machine: Machine
    interfaces: tuple[Interface, ...] = ()
    sockets: tuple[Socket, ...] = ()
    processes: tuple[Process, ...] = ()
    mounts: tuple[Mount, ...] = ()
    containers: tuple[RunningContainer, ...] = ()
    versions: dict[str, str] = {}
    own_units: tuple[str, ...] = ()
    packages: dict[str, str] = {}
    closed_sockets: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
