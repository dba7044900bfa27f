"""What Linux prints, as a machine. Pure: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from discovery.local.fetch_machine import detect_container
from discovery.machine.entry import entry_point, shim_container
from discovery.machine.payload import Machine, MachinePayload, Process, RunningContainer
from discovery.machine.units import own_services, unit_of
from discovery.ssh.interfaces import read_interfaces
from discovery.ssh.names import full_name, short_name
from discovery.ssh.output import Outputs, text_of
from discovery.ssh.sockets import read_sockets
from discovery.ssh.storage import read_mounts

_GREPPED = re.compile(r"(?P<path>/[^:\n]*):(?P<text>.*)")
_LINK = re.compile(r"/proc/(\d+)/exe -> (.+)$", re.MULTILINE)
_HEADER = re.compile(r"\n==> /proc/(\d+)/cmdline <==\n")
_INTERFACE = re.compile(r"/sys/class/net/([^/\s]+)/")
_GROUPS = re.compile(r"^/proc/(\d+)/cgroup:(.*)$", re.MULTILINE)
_FILE = re.compile(r"^-.* (?P<name>[^ /]+\.(?:service|timer))$", re.MULTILINE)
"""A file of its own; units that are links were brought by a package."""
_DECLARED = "/run/systemd/container"
_KERNEL_THREADS = 2
_CONTAINER = re.compile(r"(?P<id>[0-9a-f]{64})\|(?P<name>[^|\n]*)\|(?P<image>[^|\n]*)")


def read_linux(outputs: Outputs) -> MachinePayload:
    """The machine that printed this."""
    arguments = dict(arguments_of(text_of(outputs, "arguments")))
    processes = tuple(_processes(outputs, arguments))
    listed = _FILE.findall(text_of(outputs, "own_units"))
    return MachinePayload(
        machine=_machine(outputs),
        interfaces=read_interfaces(
            text_of(outputs, "interfaces"), _physical(outputs), _speeds(outputs)
        ),
        sockets=read_sockets(text_of(outputs, "sockets")),
        processes=processes,
        mounts=read_mounts(outputs),
        containers=tuple(_containers(outputs, processes, arguments)),
        closed_sockets=tuple(_closed(outputs)),
        own_units=own_services(listed),
    )


def _machine(outputs: Outputs) -> Machine:
    words = text_of(outputs, "system").split()
    system, node, kernel, architecture = (*words, "", "", "", "")[:4]
    name, version = _release(text_of(outputs, "release"))
    files = grepped(text_of(outputs, "hardware").splitlines())
    processor = text_of(outputs, "processor")
    flags = re.search(r"^flags\s*:(.*)$", processor, re.MULTILINE)
    container, container_id = _container(outputs)
    ports = text_of(outputs, "ephemeral_ports").split()
    known = len(ports) == 2 and all(p.isdigit() for p in ports)
    return Machine(
        hostname=short_name(node),
        fqdn=full_name(node, text_of(outputs, "name")),
        system=system,
        operating_system=system if name is None else name,
        operating_system_version=version,
        kernel=kernel,
        architecture=architecture,
        cpu_count=_number(text_of(outputs, "processors")),
        memory=_kilobytes(processor, "MemTotal:"),
        boot_time=_number(_after(processor, "btime ")),
        machine_id=text_of(outputs, "machine_id").strip(),
        dmi={p.rpartition("/")[2]: text for p, text in files.items() if "/dmi/id/" in p},
        hypervisor_flag=bool(flags and "hypervisor" in flags[1].split()),
        hypervisor_type=files.get("/sys/hypervisor/type", ""),
        container=container,
        container_id=container_id,
        ephemeral_ports=(int(ports[0]), int(ports[1])) if known else (32768, 60999),
        root=text_of(outputs, "account").strip() == "0",
    )


def grepped(lines: Iterable[str]) -> dict[str, str]:
    """The first line of each file among what ``grep -H .`` printed."""
    found: dict[str, str] = {}
    for line in lines:
        if row := _GREPPED.fullmatch(line):
            found.setdefault(row["path"], row["text"].strip())
    return found


@lru_cache(maxsize=1024)
def _release(text: str) -> tuple[str | None, str]:
    """The system's name, if it has one, and version: many machines have the same."""
    found = dict(_assignments(text))
    return found.get("NAME"), found.get("VERSION_ID", "")


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            yield name.strip(), value.strip().strip("\"'")


def _container(outputs: Outputs) -> tuple[str, str]:
    text = text_of(outputs, "container")
    lines = text.splitlines()
    declared = grepped(line for line in lines if line.startswith(_DECLARED)).get(_DECLARED, "")
    mounts = "\n".join([line.partition(":")[2] for line in lines if "/mountinfo:" in line])
    return detect_container(mounts, declared, False, text_of(outputs, "markers").split())


def _physical(outputs: Outputs) -> frozenset[str]:
    return frozenset(_INTERFACE.findall(text_of(outputs, "devices")))


def _speeds(outputs: Outputs) -> dict[str, int]:
    found = grepped(text_of(outputs, "speeds").splitlines())
    named = ((_INTERFACE.match(path), text) for path, text in found.items())
    return {row[1]: int(text) for row, text in named if row and text.isdigit() and int(text)}


def _processes(outputs: Outputs, arguments: Mapping[int, list[str]]) -> Iterator[Process]:
    files = {int(pid): file for pid, file in _LINK.findall(text_of(outputs, "executables"))}
    groups = {int(pid): told for pid, told in _GROUPS.findall(text_of(outputs, "units"))}
    for line in text_of(outputs, "processes").splitlines():
        words = line.split(None, 3)
        if len(words) != 4 or not (words[0].isdigit() and words[1].isdigit()):
            continue
        pid, parent = int(words[0]), int(words[1])
        words_of_it = arguments.get(pid)
        if not words_of_it and (pid == _KERNEL_THREADS or parent == _KERNEL_THREADS):
            continue
        yield Process(
            pid,
            parent,
            words[3].strip(),
            files.get(pid, "").removesuffix(" (deleted)"),
            entry_point(words_of_it) if words_of_it else "",
            words[2],
            unit_of(groups.get(pid, "")),
        )


def arguments_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """The arguments of each process. They go no further than the name of what is run."""
    pieces = _HEADER.split(f"\n{text}")
    for pid, told in zip(pieces[1::2], pieces[2::2], strict=True):
        words = told.rstrip("\n").rstrip("\x00").split("\x00")
        if words != [""]:
            yield int(pid), words


def _containers(
    outputs: Outputs, processes: tuple[Process, ...], arguments: Mapping[int, list[str]]
) -> Iterator[RunningContainer]:
    found: dict[str, RunningContainer] = {}
    for runtime in ("docker", "podman"):
        for row in _CONTAINER.finditer(text_of(outputs, runtime)):
            name = row["name"].partition(",")[0]
            found[row["id"]] = RunningContainer(runtime, row["id"], name, row["image"])
    for process in processes:
        shim = process.name.startswith("containerd-shim")
        if shim and (id_ := shim_container(arguments.get(process.pid, []))):
            found.setdefault(id_, RunningContainer("containerd", id_))
    yield from (found[id_] for id_ in sorted(found))


def _closed(outputs: Outputs) -> Iterator[str]:
    for runtime in ("docker", "podman"):
        output = outputs.get(runtime)
        if output is not None and "permission denied" in output.problem.lower():
            yield runtime


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None


def _after(text: str, start: str) -> str:
    return next((li.removeprefix(start) for li in text.splitlines() if li.startswith(start)), "")


def _kilobytes(text: str, start: str) -> int | None:
    words = _after(text, start).split()
    return int(words[0]) * 1024 if words and words[0].isdigit() else None
