"""What the lab consists of, as topology.toml has it: the ground truth for tests."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("topology.toml")
PREFIX_LENGTH = 24


@dataclass(frozen=True)
class Node:
    """A switch or a host: a network namespace with an address, ports and daemons."""

    name: str
    number: int
    address: str
    ports: tuple[str, ...]
    switch: bool = False
    gateway: bool = False
    daemons: tuple[str, ...] = ()

    @property
    def interface(self) -> str:
        """The interface that has the address."""
        return "br0" if self.switch else self.ports[0]

    def mac(self, port: str) -> str:
        """The hardware address of a port; a switch's bridge has that of its first port."""
        number = 0 if port == "br0" else self.ports.index(port)
        return f"06:1a:b0:00:{self.number:02x}:{number:02x}"


@dataclass(frozen=True)
class Service:
    """Something that listens. ``backend`` is the node and port that it passes requests on to."""

    node: str
    port: int
    product: str
    speaks: str
    backend: str = ""


@dataclass(frozen=True)
class Snmp:
    """How the agents may be asked: by a community (v2c) or as a user (v3)."""

    community: str
    user: str
    authentication: str
    privacy: str


@dataclass(frozen=True)
class Topology:
    """All of it. ``cables`` are pairs of (node, port)."""

    nodes: tuple[Node, ...]
    cables: tuple[tuple[tuple[str, str], tuple[str, str]], ...]
    services: tuple[Service, ...]
    snmp: Snmp

    def node(self, name: str) -> Node:
        """The node of that name; raises KeyError."""
        return {node.name: node for node in self.nodes}[name]

    def neighbours(self, name: str) -> list[str]:
        """The names of the nodes that cables join a node with, sorted."""
        ends = [{a: b, b: a}.get(name) for (a, _), (b, _) in self.cables]
        return sorted(end for end in ends if end)

    @property
    def gateway(self) -> Node:
        """The node that the default routes of all others lead to."""
        return next(node for node in self.nodes if node.gateway)


@lru_cache(maxsize=1)
def topology() -> Topology:
    """The lab's topology."""
    data = tomllib.loads(FILE.read_text("utf-8"))
    return Topology(
        nodes=tuple(
            Node(
                **{k: v for k, v in node.items() if k not in ("ports", "daemons")},
                ports=tuple(node["ports"]),
                daemons=tuple(node.get("daemons", ())),
            )
            for node in data["node"]
        ),
        cables=tuple((_end(a), _end(b)) for a, b in (cable["ends"] for cable in data["cable"])),
        services=tuple(Service(**service) for service in data["service"]),
        snmp=Snmp(**data["snmp"]),
    )


def _end(text: str) -> tuple[str, str]:
    node, _, port = text.partition(":")
    return node, port
