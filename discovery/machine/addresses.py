"""Which addresses and interfaces are the machine's own, and how it is known by them."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from functools import lru_cache

from discovery.machine.payload import Interface, Machine

_INNER = re.compile(
    r"^(?:docker\d|br-[0-9a-f]{12}$|veth|virbr|vnet|tap|tun|cni|cali|flannel|cilium|lxc|lxd|podman"
    r"|kube-|nodelocaldns|ifb|dummy|sit\d|ip6tnl|gre|utun|awdl|llw|bridge\d|anpi|ap\d|gif|stf)"
)
"""Interfaces that lead to what runs on the machine, or nowhere: every such machine has them."""
_MACHINE_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def is_outer(interface: Interface) -> bool:
    """Whether the interface leads out of the machine."""
    return interface.physical or leads_out(interface.name)


@lru_cache(maxsize=16384)
def leads_out(name: str) -> bool:
    """Whether an interface of that name leads out of its machine, as far as names tell."""
    return not _INNER.match(name)


def own_addresses(interfaces: tuple[Interface, ...]) -> tuple[str, ...]:
    """The addresses that others can reach the machine by, in the order of interfaces."""
    found = (
        without_prefix(address)
        for interface in interfaces
        if is_outer(interface)
        for address in interface.addresses
    )
    return tuple(dict.fromkeys(a for a in found if is_reachable(a)))


def all_addresses(interfaces: tuple[Interface, ...]) -> frozenset[str]:
    """Every address of the machine, those only it can reach included."""
    return frozenset(without_prefix(a) for interface in interfaces for a in interface.addresses)


@lru_cache(maxsize=65536)
def without_prefix(address: str) -> str:
    """The address in its shortest form; raises ValueError where it is none."""
    return str(ipaddress.ip_interface(address).ip)


@lru_cache(maxsize=65536)
def is_reachable(address: str) -> bool:
    """Whether the address means the same thing on other machines of its network."""
    ip = ipaddress.ip_address(address)
    return not (ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified)


@lru_cache(maxsize=65536)
def is_loopback(address: str) -> bool:
    """Whether the address is the machine's own for itself."""
    return ipaddress.ip_address(address).is_loopback


def endpoint(scope: str, protocol: str, address: str, port: int) -> str:
    """The identifier of a socket that listens on an address."""
    text = f"[{address}]" if ":" in address else address
    return f"endpoint:{scope}/{protocol}/{text}:{port}"


def machine_id(machine: Machine) -> str:
    """The machine-id; empty where the image it was installed from has not been given one yet."""
    return machine.machine_id if _MACHINE_ID.fullmatch(machine.machine_id) else ""


def machine_identity(machine: Machine, interfaces: tuple[Interface, ...]) -> str:
    """What tells this machine from all others, the same in every scan and for every user.

    Cloned images share a machine-id and containers a hardware address range, so both go into it;
    serial numbers do not, since only root may read them.
    """
    if machine.container_id:
        return machine.container_id[:16]
    macs = [i.mac for i in interfaces if i.mac and is_outer(i)]
    parts = [machine_id(machine), *sorted(macs, key=lambda m: m != _first(interfaces))[:1]]
    text = "/".join(part for part in parts if part) or machine.hostname
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _first(interfaces: tuple[Interface, ...]) -> str:
    """The hardware address of the first interface that has a device behind it."""
    return next((i.mac for i in interfaces if i.physical and i.mac), "")
