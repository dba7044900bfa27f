"""From Compose files to observations. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime

from cmdb.items import ItemObservation, LinkObservation, Observation
from discovery.compose import ComposeSettings
from discovery.compose.payload import Composed, ComposePayload, Project, Shared
from discovery.compose.reading import NAMED, STATED
from discovery.observer import Observer
from discovery.scanner import Parsed


def service_name(host: str, project: str, service: str) -> str:
    """The identifier of a service on a Docker host, by which all sources know it."""
    return f"name:ServiceInstance/{host}/{project}/{service}"


def parse(payload: ComposePayload, settings: ComposeSettings, time: datetime) -> Parsed:
    """Everything that the files declare, items before links. The targets are the scope."""
    observer = Observer("compose", time, payload.scope)
    items: dict[str, ItemObservation] = {}
    links: dict[tuple[str, str, str], LinkObservation] = {}
    left_out = 0
    for project in payload.projects:
        report = _Report(project, settings, observer)
        left_out += report.left_out
        for seen in report.observations():
            if isinstance(seen, ItemObservation):
                items.setdefault(seen.identifiers[0], seen)
            else:
                links.setdefault((seen.relation, seen.from_key, seen.to_key), seen)
    notes = (
        (f"Services of profiles that are not asked for were left out: {left_out}.",)
        if left_out
        else ()
    )
    return Parsed(payload.scope, (*items.values(), *links.values()), full=True, notes=notes)


class _Report:
    """One project on its way to observations."""

    def __init__(self, project: Project, settings: ComposeSettings, observer: Observer) -> None:
        self._project = project
        self._observer = observer
        self._host = settings.host
        wanted = settings.profiles
        self._services = [
            s
            for s in project.services
            if not s.profiles or "*" in wanted or not set(s.profiles).isdisjoint(wanted)
        ]
        self.left_out = len(project.services) - len(self._services)
        self._place = f"{settings.host}/{project.name}" if settings.host else project.name
        self._volumes = {v.key: v for v in project.volumes}
        self._networks = {n.key: n for n in project.networks}

    def observations(self) -> Iterator[Observation]:
        names = {service.name for service in self._services}
        for service in self._services:
            yield self._service(service)
            key = self._key(service.name)
            for need in service.needs:
                if need.to in names:
                    yield self._observer.link(
                        "DEPENDS_ON",
                        key,
                        self._key(need.to),
                        strength="soft" if need.soft else "hard",
                        confidence=need.confidence,
                        evidence=f"{need.by} names {need.to}",
                    )
            for outer in service.outer:
                yield self._observer.link(
                    "DEPENDS_ON",
                    key,
                    f"fqdn:{outer.host}",
                    confidence=NAMED,
                    evidence=f"{outer.by} of {service.name} names {outer.host}",
                )
            yield from self._held(service, key)

    def _service(self, service: Composed) -> Observation:
        labels = [f"compose.project={self._project.name}"]
        if service.image:
            labels.append(f"image={service.image}")
        labels += [f"port={port}" for port in service.ports]
        labels += [f"profile={profile}" for profile in service.profiles]
        named = [service_name(self._host, self._project.name, service.name)] if self._host else []
        return self._observer.item(
            "ServiceInstance",
            f"{self._place}/service/{service.name}",
            named,
            {"name": f"{self._project.name}/{service.name}", "labels": labels},
        )

    def _held(self, service: Composed, key: str) -> Iterator[Observation]:
        """Volumes, networks and configuration that the service needs."""
        for used in service.volumes:
            volume = self._volumes.get(used, Shared(used, f"{self._project.name}_{used}"))
            own = self._own_shared("volume", volume.name)
            yield self._observer.item("StorageVolume", own, (), {"name": volume.name})
            yield self._link("ATTACHES_TO", key, own, f"volumes of {service.name} name {used}")
        for used in service.networks:
            if used not in self._networks:
                continue
            network = self._networks[used]
            own = self._own_shared("network", network.name)
            cidr = next((s for s in network.subnets if _is_range(s)), None)
            yield self._observer.item("Subnet", own, (), {"name": network.name, "cidr": cidr})
            yield self._link("DEPENDS_ON", key, own, f"networks of {service.name} name {used}")
        for kind, used in service.configuration:
            own = f"{self._place}/{kind}/{used}"
            yield self._observer.item(
                "ConfigurationSource", own, (), {"name": used, "source_type": f"Compose {kind}"}
            )
            yield self._observer.link(
                "DEPENDS_ON",
                key,
                self._observer.key(own),
                strength="soft",
                confidence=STATED,
                evidence=f"{kind}s of {service.name} name {used}",
            )

    def _own_shared(self, kind: str, name: str) -> str:
        return f"{self._host}/{kind}/{name}" if self._host else f"{kind}/{name}"

    def _link(self, relation: str, key: str, own: str, evidence: str) -> LinkObservation:
        to = self._observer.key(own)
        return self._observer.link(relation, key, to, confidence=STATED, evidence=evidence)

    def _key(self, service: str) -> str:
        return self._observer.key(f"{self._place}/service/{service}")


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True
