"""From an engine's answers to what is kept of them. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from discovery.docker.payload import Box, Disk, Engine, Named, Network
from discovery.references import hosts_in, is_hinted, is_outside
from discovery.tree import labels_of, number, table, tables, text, texts

Answer = Mapping[str, Any]
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
DEPENDS_ON = "com.docker.compose.depends_on"
PODMAN_PROJECT = "io.podman.compose.project"
OF_THE_ENGINE = frozenset({"bridge", "host", "none", "podman", "docker_gwbridge", "ingress"})
"""Networks that every engine has."""


def read_engine(info: Answer, version: Answer, machine_id: str, address: str) -> Engine:
    """The host, from ``/info`` and ``/version``."""
    parts = [text(c, "Name") for c in tables(version, "Components")]
    podman = any("podman" in part.lower() for part in parts)
    return Engine(
        name=text(info, "Name"),
        # Podman makes a new one for every answer.
        id="" if podman else text(info, "ID"),
        product="podman" if podman else "docker",
        version=text(version, "Version"),
        operating_system=text(info, "OperatingSystem"),
        kernel=text(info, "KernelVersion"),
        architecture=text(info, "Architecture"),
        cpu_count=number(info, "NCPU"),
        memory=number(info, "MemTotal"),
        machine_id=machine_id,
        address=address,
    )


def read_networks(answer: object) -> tuple[Network, ...]:
    """The networks that somebody made."""
    found = []
    for entry in answer if isinstance(answer, list) else ():
        name = text(entry, "Name")
        if name and name not in OF_THE_ENGINE:
            ranges = [text(c, "Subnet") for c in tables(entry, "IPAM", "Config")]
            found.append(Network(name, text(entry, "Driver"), tuple(r for r in ranges if r)))
    return tuple(sorted(found, key=lambda network: network.name))


def read_volumes(answer: object) -> tuple[Disk, ...]:
    """The volumes; those without a name of their own come and go with their containers."""
    found = [Disk(text(v, "Name"), text(v, "Driver")) for v in tables(answer, "Volumes")]
    return tuple(sorted((d for d in found if not is_nameless(d.name)), key=lambda d: d.name))


def is_nameless(name: str) -> bool:
    """Whether the engine made the name of a volume up."""
    return not name or (len(name) == 64 and all(c in "0123456789abcdef" for c in name))


def read_images(answer: object) -> dict[str, str]:
    """The name of each image by its id."""
    found = {}
    for entry in answer if isinstance(answer, list) else ():
        if tags := [t for t in texts(entry, "RepoTags") if t != "<none>:<none>"]:
            found[text(entry, "Id")] = tags[0]
    return found


def read_container(entry: Answer, images: Mapping[str, str]) -> Box | None:
    """A container as the list tells of it; None where it has no id."""
    own = text(entry, "Id")
    if not own:
        return None
    labels = labels_of(entry, "Labels")
    names = sorted(texts(entry, "Names"), key=lambda n: n.count("/"))
    image = text(entry, "Image")
    if image.startswith("sha256:") or image == text(entry, "ImageID"):
        image = images.get(text(entry, "ImageID"), image)
    shared = text(entry, "HostConfig", "NetworkMode")
    return Box(
        id=own,
        name=names[0].lstrip("/") if names else own[:12],
        image=image,
        running=text(entry, "State") in ("running", ""),
        project=labels.get(PROJECT) or labels.get(PODMAN_PROJECT, ""),
        service=labels.get(SERVICE, ""),
        depends_on=tuple(_depends_on(labels.get(DEPENDS_ON, ""))),
        ports=tuple(dict.fromkeys(_ports(entry))),
        volumes=tuple(
            sorted(
                text(m, "Name")
                for m in tables(entry, "Mounts")
                if text(m, "Type") == "volume" and not is_nameless(text(m, "Name"))
            )
        ),
        networks=tuple(sorted(str(n) for n in table(entry, "NetworkSettings", "Networks"))),
        shares=shared.partition(":")[2] if shared.startswith("container:") else "",
    )


def _depends_on(written: str) -> Iterator[tuple[str, bool]]:
    """Services, each with whether it must run while the other does."""
    for part in written.split(","):
        name, _, how = part.partition(":")
        if name:
            yield name, not how.startswith("service_completed_successfully")


def _ports(entry: Answer) -> Iterator[str]:
    """Ports that are open on the host, as ``tcp/80``."""
    for port in sorted(
        tables(entry, "Ports"), key=lambda p: (text(p, "Type"), number(p, "PublicPort") or 0)
    ):
        if published := number(port, "PublicPort"):
            yield f"{text(port, 'Type') or 'tcp'}/{published}"


class Names:
    """What containers are called on the networks that they share."""

    def __init__(self, details: Sequence[Answer]) -> None:
        self._by_network: dict[tuple[str, str], str] = {}
        for detail in details:
            own = text(detail, "Id")
            name = text(detail, "Name").lstrip("/")
            for network, held in table(detail, "NetworkSettings", "Networks").items():
                for alias in (*texts(held, "Aliases"), *texts(held, "DNSNames"), name):
                    self._by_network.setdefault((str(network), alias), own)

    def named(self, detail: Answer) -> tuple[Named, ...]:
        """The containers and outer hosts that a container's variables name."""
        networks = [str(n) for n in table(detail, "NetworkSettings", "Networks")]
        found: dict[str, Named] = {}
        for line in texts(detail, "Config", "Env"):
            name, _, value = line.partition("=")
            by = f"the environment variable {name}"
            for host, plain in hosts_in(value):
                if plain and not is_hinted(name):
                    continue
                to = next((c for n in networks if (c := self._by_network.get((n, host)))), "")
                if to and to != text(detail, "Id"):
                    held = found.get(to)
                    if held is None or not held.certain:
                        found[to] = Named(by, to=to, certain=not plain)
                elif not to and is_outside(host):
                    found.setdefault(host, Named(by, host=host))
        return tuple(found.values())
