"""From what nmap saw to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import ItemObservation, LinkObservation
from discovery.machine.addresses import endpoint
from discovery.machine.products import BY_NAME, Product
from discovery.network import NetworkSettings
from discovery.network.payload import NetworkHost, NetworkPayload, Service
from discovery.observer import Observer
from discovery.scanner import Parsed

NETWORK_TYPES = frozenset(
    {"router", "broadband router", "switch", "bridge", "firewall", "WAP", "load balancer", "hub"}
)
"""The types of systems, as nmap has them, that are devices of the network."""
_RANGE = re.compile(r" or (?:later|earlier|newer|older|above|below)\b| - |\.[xX]\b")
"""What nmap says where an answer fits several versions."""
HOP_CONFIDENCE = 0.5
"""Of a link between two that follow each other on a way: something unseen may be between them."""


def parse(payload: NetworkPayload, settings: NetworkSettings, time: datetime) -> Parsed:
    """Everything that answered, items before links.

    The scope is what was scanned and how. It was seen in full where the scan came to its end and
    no host had to be given up.
    """
    text = f"{settings.address_scope}: {payload.arguments}"
    if len(text) > 200:
        text = hashlib.sha256(text.encode()).hexdigest()[:32]
    report = _Report(payload, settings, Observer("network", time, f"network/{text}"))
    errors = []
    if not payload.finished:
        errors.append(f"{payload.name}: the scan did not come to its end; what it has is in.")
    given_up = [host.addresses[0] for host in payload.hosts if host.timed_out]
    if given_up:
        errors.append(f"{payload.name}: gave up, since they took too long: {', '.join(given_up)}.")
    return Parsed(
        scope=f"network/{text}",
        observations=(*report.items(), *report.links()),
        full=not errors,
        notes=tuple(report.notes()),
        errors=tuple(errors),
    )


class _Report:
    """One scan on its way to observations."""

    def __init__(
        self, payload: NetworkPayload, settings: NetworkSettings, observer: Observer
    ) -> None:
        self._hosts = _merged(payload.hosts)
        self._settings = settings
        self._nameless = payload.nameless
        self._observer = observer
        macs = Counter(host.mac for host in self._hosts if host.mac)
        names = Counter(name for host in self._hosts for name in host.names)
        # A router that answers for others lends them its hardware address, and a name may stand
        # for many addresses: neither tells two hosts apart then.
        self._shared = {value for value, n in (macs + names).items() if n > 1}
        self._keys = {a: self._own_id(host) for host in self._hosts for a in host.addresses}
        self._routers = {hop.address for host in self._hosts for hop in host.hops} - {
            a for host in self._hosts if not _forwards(host, self._hosts) for a in host.addresses
        }

    def items(self) -> Iterator[ItemObservation]:
        """The hosts, each followed by its services, and the routers on the way."""
        for host in self._hosts:
            yield self._host(host)
            for service in host.services:
                yield self._service(host, service)
        named = {hop.address: hop.name for host in self._hosts for hop in host.hops}
        for address in sorted(self._routers - self._keys.keys()):
            yield self._observer.item(
                "NetworkDevice",
                self._id_of(address),
                [ip_identifier(address, self._settings.address_scope)],
                {"name": named[address] or address, "ip_addresses": [address]},
            )

    def links(self) -> Iterator[LinkObservation]:
        """What runs on which host, and who follows whom on the way."""
        for host in self._hosts:
            for service in host.services:
                sure = service.probed and service.recognised
                yield self._observer.link(
                    "RUNS_ON",
                    self._observer.key(self._service_id(host, service)),
                    self._observer.key(self._own_id(host)),
                    confidence=0.95 if sure else 0.8,
                    evidence=f"{service.protocol}/{service.port} is open at {host.addresses[0]}",
                )
        yield from self._ways()

    def notes(self) -> Iterator[str]:
        """What is worth knowing, a sentence each."""
        wrapped = sum(host.wrapped for host in self._hosts)
        if wrapped:
            ports = "1 port closes" if wrapped == 1 else f"{wrapped} ports close"
            yield f"{ports} every connection at once (tcpwrapped); what is behind is not known."
        unknown = sum(not s.recognised for host in self._hosts for s in host.services)
        if unknown:
            answers = "1 service answers" if unknown == 1 else f"{unknown} services answer"
            yield (
                f"{answers} as none that nmap knows; what their answers name may be behind them, "
                "so their product is left open."
            )
        if self._nameless:
            hosts = "1 host has" if self._nameless == 1 else f"{self._nameless} hosts have"
            yield f"{hosts} no address that can be read, and are left out."
        if any(_is_loopback(a) for host in self._hosts for a in host.addresses):
            yield "A loopback address is the machine itself; cmdb scan local sees more of it."

    def _host(self, host: NetworkHost) -> ItemObservation:
        scope, guess = self._settings.address_scope, host.os
        taken = guess if guess and guess.accuracy >= self._settings.os_accuracy else None
        device = taken is not None and taken.type in NETWORK_TYPES
        device = device or bool(self._routers & set(host.addresses))
        names = [name for name in host.names if "." in name and name not in self._shared]
        labels = [f"mac-vendor={host.mac_vendor}"] if host.mac_vendor else []
        if guess:
            labels.append(f"os-guess={guess.name} (confidence {guess.accuracy / 100:.2f})")
        mac = host.mac if host.mac not in self._shared else ""
        return self._observer.item(
            "NetworkDevice" if device else "Server",
            self._own_id(host),
            [
                *([f"mac:{mac}"] if mac else []),
                *(f"fqdn:{name}" for name in names),
                *(ip_identifier(address, scope) for address in host.addresses),
            ],
            {
                "name": host.names[0] if host.names else host.addresses[0],
                "hostname": names[0] if names else None,
                "operating_system": taken.family or taken.name if taken else None,
                "operating_system_version": taken.generation if taken else None,
                "ip_addresses": [a for a in host.addresses if not _is_loopback(a)] or None,
                "labels": labels or None,
            },
        )

    def _service(self, host: NetworkHost, service: Service) -> ItemObservation:
        product = _product(service)
        place = host.names[0] if host.names else host.addresses[0]
        protocol = _protocol(service)
        called = product.name if product else protocol or service.protocol
        usual = product is not None and service.port in product.ports
        labels = [f"cpe={cpe}" for cpe in service.cpes if cpe.startswith("cpe:/a")]
        if protocol:
            labels.append(f"protocol={protocol}")
        version = service.version if product else ""
        if _RANGE.search(version):
            labels.append(f"version-guess={version}")
            version = ""
        if service.product and not service.recognised:
            labels.append(f"answer-names={service.product}")
        return self._observer.item(
            product.kind if product else "SoftwareInstance",
            self._service_id(host, service),
            [
                endpoint(self._settings.address_scope, service.protocol, address, service.port)
                for address in host.addresses[:1]
            ],
            {
                "name": f"{called if usual else f'{called}:{service.port}'} on {place}",
                "product": product.name if product else None,
                "engine": product.name if product and product.database else None,
                "version": version,
                "port": service.port,
                "ports": [f"{service.protocol}/{service.port}"],
                "labels": labels or None,
            },
        )

    def _ways(self) -> Iterator[LinkObservation]:
        """Neighbours on the way to each host; where a hop is silent there is no link."""
        told: set[tuple[str, str]] = set()
        for host in self._hosts:
            way = sorted(host.hops, key=lambda hop: hop.distance)
            for one, next_ in pairwise(way):
                ends = sorted((self._id_of(one.address), self._id_of(next_.address)))
                pair = (ends[0], ends[1])
                if next_.distance - one.distance != 1 or ends[0] == ends[1] or pair in told:
                    continue
                told.add(pair)
                yield self._observer.link(
                    "LINKED_TO",
                    self._observer.key(ends[0]),
                    self._observer.key(ends[1]),
                    confidence=HOP_CONFIDENCE,
                    evidence=(
                        f"hop {one.distance} and {next_.distance} on the way to "
                        f"{host.addresses[0]}: {one.address}, {next_.address}"
                    ),
                )

    def _own_id(self, host: NetworkHost) -> str:
        if host.mac and host.mac not in self._shared:
            return f"{self._settings.address_scope}/{host.mac}"
        return f"{self._settings.address_scope}/{host.addresses[0]}"

    def _id_of(self, address: str) -> str:
        return self._keys.get(address) or f"{self._settings.address_scope}/{address}"

    def _service_id(self, host: NetworkHost, service: Service) -> str:
        return f"{self._own_id(host)}/{service.protocol}/{service.port}"


def _merged(hosts: tuple[NetworkHost, ...]) -> list[NetworkHost]:
    """The hosts, the last word on each address: files that were appended to name some twice."""
    return list({host.addresses[0]: host for host in hosts}.values())


def _forwards(host: NetworkHost, hosts: list[NetworkHost]) -> bool:
    """Whether a scanned host is on the way to another, and not at its end only."""
    own = set(host.addresses)
    return any(
        hop.address in own
        for other in hosts
        if not own & set(other.addresses)
        for hop in other.hops
    )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _protocol(service: Service) -> str:
    """What it speaks, where it was asked; what tables say of its port is a guess."""
    if not service.probed or service.name in ("", "unknown"):
        return ""
    return f"{service.tunnel}/{service.name}" if service.tunnel else service.name


def _product(service: Service) -> Product | None:
    """The software, where nmap knew the answer as a whole."""
    if not service.product or not service.recognised:
        return None
    for pattern, name in _patterns():
        if pattern.search(service.product):
            return BY_NAME[name]
    return Product(service.product, known=False)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    text = files("discovery.network").joinpath("products.toml").read_text("utf-8")
    return tuple((re.compile(p["pattern"]), p["name"]) for p in tomllib.loads(text)["product"])
