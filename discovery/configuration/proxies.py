"""From routes, names and certificates to items and links, for whoever read them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from cmdb.items import Gate, ItemObservation, LinkObservation, Observation
from discovery.configuration.payload import (
    Address,
    FoundCertificate,
    FoundRecord,
    Front,
    Member,
    Routes,
)
from discovery.machine.addresses import endpoint
from discovery.machine.products import BY_NAME
from discovery.observer import Observer

DECLARED = 0.9
"""Confidence of what a file says: it may not be the configuration that is running."""
RUNNING = 1.0
"""Confidence of the configuration of a proxy that runs."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy is: the start of its own ids, what it is called by, and its addresses.

    ``software`` is the key of the running proxy where its source tells of it itself, and
    ``observed`` the endpoints of all that it tells of. ``certificates`` are those that were found,
    by path, and ``records`` those of zones, by name.
    """

    prefix: str
    name: str
    address_scope: str
    addresses: tuple[str, ...] = ()
    software: str = ""
    certificates: Mapping[str, Sequence[FoundCertificate]] = field(default_factory=dict)
    records: Mapping[str, Sequence[FoundRecord]] = field(default_factory=dict)
    observed: frozenset[str] = frozenset()


def proxy_observations(routes: Routes, place: Place, observer: Observer) -> Iterator[Observation]:
    """The proxy, what callers see of it, its pools, and their members; items before links."""
    report = _Proxy(routes, place, observer)
    yield from report.items()
    yield from report.links()


class _Proxy:
    """One configuration on its way to observations."""

    def __init__(self, routes: Routes, place: Place, observer: Observer) -> None:
        self._routes, self._place, self._observer = routes, place, observer
        self._used = {name for front in routes.fronts for name in front.pools}
        self._pools = [pool for pool in routes.pools if pool.name in self._used]
        self._confidence = RUNNING if place.software else DECLARED
        self._software = place.software or observer.key(self._id("software"))

    def items(self) -> Iterator[ItemObservation]:
        product, place = self._routes.product, self._place
        if not place.software and self._routes.fronts:
            listens = [a for front in self._routes.fronts for a in front.listens]
            yield self._observer.item(
                "SoftwareInstance",
                self._id("software"),
                [key for address in listens for key in self._endpoints(address)],
                {
                    "name": f"{product} on {place.name}",
                    "product": product,
                    "port": _port(product, listens),
                    "ports": sorted({f"tcp/{a.port}" for a in listens}) or None,
                },
            )
        for front in self._routes.fronts:
            yield self._front(front)
        for pool in self._pools:
            yield self._observer.item(
                "Cluster",
                self._id(f"pool/{pool.name}"),
                self._shared(f"pool/{pool.name}"),
                {"name": f"{pool.name} of {product} on {place.name}", "technology": product},
            )
        for address in dict.fromkeys(m.address for pool in self._pools for m in pool.members):
            yield from self._member_item(address)

    def links(self) -> Iterator[LinkObservation]:
        evidence = f"configured in {self._routes.file}"
        several = len(self._pools) > 1
        for pool in self._pools:
            key = self._observer.key(self._id(f"pool/{pool.name}"))
            yield self._link("ROUTES_TO", self._software, key, evidence, soft=several)
            for member in pool.members:
                yield self._member(member, key)
        for front in self._routes.fronts:
            yield from self._front_links(front, evidence)

    def _front(self, front: Front) -> ItemObservation:
        listens = [
            str(Address(host, a.port))
            for a in front.listens
            for host in ([a.host] if a.host else self._place.addresses[:1] or [""])
        ]
        return self._observer.item(
            "LoadBalancer",
            self._id(f"front/{front.name}"),
            self._shared(f"front/{front.name}"),
            {
                "name": f"{front.name} of {self._routes.product} on {self._place.name}",
                "product": self._routes.product,
                "virtual_address": ", ".join(dict.fromkeys(listens)),
                "labels": [f"server-name={name}" for name in front.server_names] or None,
            },
        )

    def _front_links(self, front: Front, evidence: str) -> Iterator[LinkObservation]:
        own = self._observer.key(self._id(f"front/{front.name}"))
        yield self._link("HOSTED_ON", own, self._software, evidence)
        for name in front.pools:
            pool = self._observer.key(self._id(f"pool/{name}"))
            yield self._link("ROUTES_TO", own, pool, evidence, soft=len(front.pools) > 1)
        seen = dict.fromkeys(
            c.sha256 for path in front.certificates for c in self._place.certificates.get(path, ())
        )
        for fingerprint in seen:
            yield self._link("SECURED_BY", own, f"sha256:{fingerprint}", evidence)
        for name in front.server_names:
            yield from self._resolved(own, name, evidence)

    def _resolved(self, own: str, name: str, evidence: str) -> Iterator[LinkObservation]:
        """The records that lead to a name: those of the zones at hand, or the one to be expected.

        A front with several names, or a name with several records, is not gone with one of them.
        """
        if "." not in name or _is_address(name):
            return
        known = [record.type for record in self._place.records.get(name, ())]
        gate = Gate("names")
        found = [k for k in known if k in ("A", "AAAA", "CNAME")]
        keys = [self._observer.key(f"record/{name}/{kind}") for kind in found]
        for key in keys or [f"dns:{name}/A"]:
            yield self._observer.link(
                "RESOLVED_BY",
                own,
                key,
                gate=gate,
                confidence=self._confidence,
                evidence=evidence,
            )

    def _member_item(self, address: Address) -> Iterator[ItemObservation]:
        """A server of a pool, unless its source tells of it itself."""
        keys = self._member_endpoints(address)
        if self._place.observed & set(keys):
            return
        yield self._observer.item(
            "SoftwareInstance",
            self._member_id(address),
            keys,
            {"name": str(address), "port": address.port, "ports": [f"tcp/{address.port}"]},
        )

    def _member(self, member: Member, pool: str) -> LinkObservation:
        keys = self._member_endpoints(member.address)
        seen = sorted(self._place.observed & set(keys))
        own = self._observer.key(self._member_id(member.address))
        backup = "a backup server, " if member.backup else ""
        link = self._link(
            "MEMBER_OF", seen[0] if seen else own, pool, f"{backup}configured in {member.line}"
        )
        # One of them suffices, however few requests it is sent: a weight below 1 would say not.
        return msgspec.structs.replace(link, weight=max(1.0, member.weight))

    def _member_id(self, address: Address) -> str:
        """The own id of a member; a name without a domain means another server elsewhere."""
        wide = _is_address(address.host) or "." in address.host
        start = self._place.address_scope if wide else self._place.prefix
        return f"{start}/member/{address}"

    def _member_endpoints(self, address: Address) -> list[str]:
        """The identifiers of a member: its name is looked up in the zones at hand only."""
        hosts = [address.host]
        if not _is_address(address.host):
            records = self._place.records.get(address.host, ())
            hosts = [v for r in records if r.type in ("A", "AAAA") for v in r.values]
        if address.host in ("localhost", "127.0.0.1", "::1"):
            hosts = list(self._place.addresses)
        return [
            endpoint(self._place.address_scope, "tcp", host, address.port)
            for host in hosts
            if _is_address(host)
        ]

    def _endpoints(self, address: Address) -> list[str]:
        hosts = [address.host] if address.host else self._place.addresses
        scope = self._place.address_scope
        return [endpoint(scope, "tcp", h, address.port) for h in hosts if _is_address(h)]

    def _id(self, rest: str) -> str:
        return f"{self._place.prefix}/{self._routes.product}/{rest}"

    def _shared(self, rest: str) -> list[str]:
        """Keys that whoever reads this proxy's configuration gives to it, by its addresses."""
        start, product = f"key:proxy/{self._place.address_scope}", self._routes.product
        return [f"{start}/{address}/{product}/{rest}" for address in self._place.addresses]

    def _link(
        self, relation: str, from_key: str, to_key: str, evidence: str, *, soft: bool = False
    ) -> LinkObservation:
        return self._observer.link(
            relation,
            from_key,
            to_key,
            strength="soft" if soft else "hard",
            confidence=self._confidence,
            evidence=evidence,
        )


def certificate_items(
    found: Sequence[FoundCertificate], observer: Observer
) -> Iterator[ItemObservation]:
    """The certificates, each once, wherever it was found."""
    for one in {c.sha256: c for c in found}.values():
        yield observer.item(
            "Certificate",
            f"certificate/{one.sha256}",
            [f"sha256:{one.sha256}"],
            {
                "name": next(iter(one.names), one.subject),
                "subject": one.subject,
                "issuer": one.issuer,
                "not_after": one.not_after,
            },
        )


def record_observations(
    records: Sequence[FoundRecord], observer: Observer
) -> Iterator[Observation]:
    """The records of zones; one that leads to a name rests on the records of that name."""
    known: dict[str, list[FoundRecord]] = {}
    for record in records:
        known.setdefault(record.name, []).append(record)
        yield observer.item(
            "DnsRecord",
            f"record/{record.name}/{record.type}",
            [f"dns:{record.name}/{record.type}"],
            {
                "name": f"{record.name} {record.type}",
                "record_type": record.type,
                "value": ", ".join(record.values),
                "time_to_live": record.time_to_live,
            },
        )
    for record in records:
        own = observer.key(f"record/{record.name}/{record.type}")
        for target in record.targets:
            for other in known.get(target, ()):
                if other.type in ("A", "AAAA", "CNAME") and other is not record:
                    yield observer.link(
                        "DEPENDS_ON",
                        own,
                        observer.key(f"record/{other.name}/{other.type}"),
                        gate=Gate("targets"),
                        evidence=f"{record.type} {record.name}",
                    )


def _port(product: str, listens: Sequence[Address]) -> int | None:
    ports = [a.port for a in sorted(listens, key=lambda a: a.port)]
    usual = [p for p in BY_NAME[product].ports if p in ports] if product in BY_NAME else []
    return next(iter(usual or ports), None)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
