"""From counted calls to observations. Pure: no clock, no network."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from cmdb.items import Gate, ItemObservation, LinkObservation, Observation
from discovery.databases.names import database_name
from discovery.machine.addresses import endpoint, is_reachable
from discovery.observer import Observer
from discovery.references import is_outside
from discovery.scanner import Parsed
from discovery.traces import TracesSettings
from discovery.traces.conventions import conventions, is_address
from discovery.traces.graph import SECOND
from discovery.traces.payload import Edge, SeenCalls, SeenService, TracesPayload
from discovery.traces.span import Place, ServiceName, Target

NAMED = 0.9
"""Confidence where a name leads to what something runs on, and no id."""


def parse(payload: TracesPayload, settings: TracesSettings, time: datetime) -> Parsed:
    """Everything that was seen, items before links. What is not seen now is not gone: nobody may
    have called."""
    report = _Report(settings, time, payload.scope)
    for service in payload.services:
        report.service(service)
    for calls in payload.calls:
        report.calls(calls)
    observations: tuple[Observation, ...] = (*report.items.values(), *report.links.values())
    return Parsed(payload.scope, observations, False, payload.notes, payload.errors)


class _Report:
    """The observations so far, by their own ids and ends."""

    def __init__(self, settings: TracesSettings, time: datetime, scope: str) -> None:
        self.items: dict[str, ItemObservation] = {}
        self.links: dict[tuple[str, str, str], LinkObservation] = {}
        self._scope = settings.address_scope
        self._observed = scope
        self._now = time

    def service(self, seen: SeenService) -> None:
        """A service, and what it runs on."""
        observer = self._at(seen.last)
        self._service(seen.name, observer, seen.version)
        # Instances of the surest sort: a host that a pod of the same service runs on is the pod's.
        sort = min((place.sort for place in seen.places), key=_SORTS.index, default="")
        for place in seen.places:
            if place.sort == sort:
                self._add_link(_runs_on(observer, self._key(seen.name), place))

    def calls(self, seen: SeenCalls) -> None:
        """One dependency, with its far end where that is no service of ours."""
        edge = seen.edge
        observer = self._at(seen.last)
        self._service(edge.caller, observer)
        if edge.service is not None:
            self._service(edge.service, observer)
            to = self._key(edge.service)
        elif edge.target is not None:
            to = self._target(edge.target, seen.address, observer)
        else:
            return
        takes = edge.how in ("takes", "gets")
        self._add_link(
            observer.link(
                "EXCHANGES_DATA_WITH" if takes else "DEPENDS_ON",
                self._key(edge.caller),
                to,
                strength="soft" if takes else "hard",
                confidence=seen.figures.confidence,
                evidence=_evidence(edge, seen),
            )
        )

    def _at(self, nanoseconds: int) -> Observer:
        """Who speaks of what was last seen then: nothing is seen later than now."""
        last = self._now
        if 0 < nanoseconds < self._now.timestamp() * SECOND:
            last = datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC)
        return Observer("traces", last, self._observed)

    def _key(self, name: ServiceName) -> str:
        return f"key:traces/{_service_id(name)}"

    def _service(self, name: ServiceName, observer: Observer, version: str = "") -> None:
        environment = conventions()["environments"].get(name.environment.lower())
        labels = [f"service.namespace={name.namespace}"] if name.namespace else []
        if name.environment and environment is None:
            labels.append(f"deployment.environment.name={name.environment}")
        self._add_item(
            observer.item(
                "ServiceInstance",
                _service_id(name),
                (),
                {
                    "name": name.name,
                    "environment": environment,
                    "version": version,
                    "labels": labels or None,
                },
            )
        )

    def _add_item(self, seen: ItemObservation) -> None:
        """Keep it; of two of one thing the later, with what only the other one says."""
        known = self.items.get(seen.identifiers[0])
        if known is None:
            self.items[seen.identifiers[0]] = seen
            return
        first, then = sorted((known, seen), key=lambda one: one.time)
        self.items[seen.identifiers[0]] = ItemObservation(
            then.kind,
            tuple(dict.fromkeys((*then.identifiers, *first.identifiers))),
            then.source,
            then.time,
            {**first.properties, **then.properties},
            then.scope,
        )

    def _add_link(self, seen: LinkObservation) -> None:
        key = (seen.relation, seen.from_key, seen.to_key)
        known = self.links.get(key)
        if known is None or known.confidence < seen.confidence:
            self.links[key] = seen

    def _target(self, target: Target, address: str, observer: Observer) -> str:
        """The item that was called, and its key."""
        if target.sort == "queue":
            own = _own("queue", target.environment, target.product, target.name)
            self._add_item(
                observer.item(
                    "MessageQueue",
                    own,
                    target.identifiers,
                    {"name": target.name, "broker": target.product},
                )
            )
            return observer.key(own)
        if target.sort == "database":
            self._database(target, address, observer)
            return self._database_key(target, observer)
        if target.identifiers:
            return self._peer_of_cluster(observer, target.identifiers[0])
        return self._peer(target, observer)

    def _peer_of_cluster(self, observer: Observer, identifier: str) -> str:
        """A Service of Kubernetes, as it is called by its name inside of the cluster."""
        own = _own("peer", "", identifier)
        self._add_item(
            observer.item(
                "ServiceInstance",
                own,
                [identifier],
                {"name": identifier.rpartition("/")[2]},
            )
        )
        return observer.key(own)

    def _peer(self, target: Target, observer: Observer) -> str:
        """Who is called and makes no spans: software at an address, or an interface by its name."""
        host, port = target.host, target.port
        at = f"{host}:{port}" if host and port else host
        own = _own("peer", target.environment, target.name if not at else "", at)
        properties = {"name": target.name or at, "port": port or None}
        if is_address(host):
            known = [endpoint(self._scope, "tcp", host, port)] if port else []
            self._add_item(observer.item("SoftwareInstance", own, known, properties))
        else:
            known = [f"fqdn:{host}"] if is_outside(host) else []
            self._add_item(
                observer.item("ApiEndpoint", own, known, {**properties, "protocol": target.product})
            )
        return observer.key(own)

    def _instance_id(self, target: Target) -> str:
        place = target.identifiers[0] if target.identifiers else target.environment
        return _own("database", place, target.product, f"{target.host}:{target.port}")

    def _database_key(self, target: Target, observer: Observer) -> str:
        own = self._instance_id(target)
        if not target.name:
            return observer.key(own)
        return observer.key(f"{own}/{quote(target.name, safe='')}")

    def _database(self, target: Target, address: str, observer: Observer) -> None:
        """The server and the database on it, as far as each is named."""
        host, port = target.host, target.port
        own = self._instance_id(target)
        address = host if is_address(host) else address
        reached = bool(address and port and is_reachable(address))
        known = [endpoint(self._scope, "tcp", address, port)] if reached else []
        if host:
            managed = host.endswith(tuple(conventions()["managed"]["names"]))
            identifiers = [*([f"fqdn:{host}"] if managed else []), *known]
            usual = port == conventions()["ports"].get(target.product)
            called = target.product if usual or not port else f"{target.product}:{port}"
            self._add_item(
                observer.item(
                    "DatabaseInstance",
                    own,
                    identifiers,
                    {
                        "name": f"{called} on {host}",
                        "product": target.product,
                        "engine": target.product,
                        "port": port or None,
                    },
                )
            )
            self._server(target, observer, managed=managed)
        if target.name:
            self._add_item(
                observer.item(
                    "Database",
                    f"{own}/{quote(target.name, safe='')}",
                    [database_name(known[0], target.name)] if known else [],
                    {
                        "name": f"{target.name} on {host}" if host else target.name,
                        "engine": target.product,
                    },
                )
            )
            if host:
                self._add_link(
                    observer.link(
                        "HOSTED_ON", self._database_key(target, observer), observer.key(own)
                    )
                )

    def _server(self, target: Target, observer: Observer, *, managed: bool) -> None:
        """What the server is behind, by what its name means to others."""
        key = observer.key(self._instance_id(target))
        if target.identifiers:
            self._add_link(
                observer.link(
                    "DEPENDS_ON",
                    key,
                    target.identifiers[0],
                    confidence=NAMED,
                    evidence=f"it is called by the name {target.host}",
                )
            )
        elif is_outside(target.host) and not managed:
            self._add_link(
                observer.link(
                    "RUNS_ON",
                    key,
                    f"fqdn:{target.host}",
                    confidence=NAMED,
                    evidence=f"it is called at {target.host}",
                )
            )


_SORTS = ("workload", "pod", "cloud", "container", "host", "")


def _runs_on(observer: Observer, key: str, place: Place) -> LinkObservation:
    """One instance of a service on what it says it runs on; one of all suffices."""
    strongest = next(i for i in place.identifiers if ":" in i)
    return LinkObservation(
        "RUNS_ON",
        key,
        strongest,
        observer.source,
        observer.time,
        gate=Gate("instances"),
        confidence=NAMED if strongest.startswith("fqdn:") else 1.0,
        evidence=f"its spans name the {place.sort} {place.name}",
        scope=observer.scope,
        to_any=place.identifiers if len(place.identifiers) > 1 else (),
    )


def _service_id(name: ServiceName) -> str:
    return _own("service", name.environment, name.namespace, name.name)


def _own(*parts: str) -> str:
    """An id of these parts; ``_`` stands for one that is not told."""
    return "/".join(quote(part, safe=":") or "_" for part in parts)


def _evidence(edge: Edge, seen: SeenCalls) -> str:
    through = f", through {edge.via}" if edge.via else ""
    return f"{seen.figures.sentence()}{through}"
