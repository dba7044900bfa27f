"""From engines to observations. Pure: no clock, no network."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import Gate, LinkObservation, Observation
from discovery.address import LOOPBACK
from discovery.compose.parse import service_name
from discovery.docker import DockerSettings
from discovery.docker.payload import Box, DockerPayload
from discovery.observer import Observer
from discovery.scanner import Parsed

STATED = 0.8
"""Confidence of what a Compose file stated when the project was started."""
NAMED = 0.9
"""Confidence where an address names a container on a network that both are on."""
WORD = 0.7
"""Confidence where a bare word does."""


def parse(payload: DockerPayload, settings: DockerSettings, time: datetime) -> Parsed:
    """Everything that one engine has, items before links. Its scope is the engine."""
    engine = payload.engine
    name = settings.host or engine.name
    place = f"{name}/{engine.id}" if engine.id and not settings.host else name
    observer = Observer("docker", time, f"engine/{place}")
    report = _Report(payload, settings, observer, name, place)
    return Parsed(
        scope=observer.scope,
        observations=(*report.items(), *_surest(report.links())),
        full=payload.full,
    )


def _surest(links: Iterator[LinkObservation]) -> Iterator[LinkObservation]:
    """Each link once, as the surest of its reasons has it; none from a thing to itself."""
    found: dict[tuple[str, str, str], LinkObservation] = {}
    for link in links:
        name = (link.relation, link.from_key, link.to_key)
        held = found.get(name)
        if link.from_key != link.to_key and (held is None or _rank(link) > _rank(held)):
            found[name] = link
    yield from found.values()


def _rank(link: LinkObservation) -> tuple[bool, float]:
    return link.strength == "hard", link.confidence


class _Report:
    """One payload on its way to observations. ``host`` is its name, ``place`` tells it apart."""

    def __init__(
        self,
        payload: DockerPayload,
        settings: DockerSettings,
        observer: Observer,
        host: str,
        place: str,
    ) -> None:
        self._payload = payload
        self._settings = settings
        self._observer = observer
        self._host = host
        self._place = place
        self._boxes = {box.id: box for box in payload.containers}
        self._networks = {network.name for network in payload.networks}
        self._volumes = {volume.name for volume in payload.volumes}
        self._services: dict[tuple[str, str], list[Box]] = {}
        for box in payload.containers:
            if box.project and box.service:
                self._services.setdefault((box.project, box.service), []).append(box)

    def items(self) -> Iterator[Observation]:
        """The host, and what is on it."""
        yield self._engine()
        for box in self._payload.containers:
            yield self._observer.item(
                "Container",
                f"container/{box.id}",
                [f"container:{box.id}"],
                {
                    "name": box.name,
                    "image": box.image,
                    "runtime": self._payload.engine.product,
                    "labels": [f"port={port}" for port in box.ports] or None,
                },
            )
        for project, service in self._services:
            yield self._observer.item(
                "ServiceInstance",
                f"{self._place}/{project}/service/{service}",
                [service_name(self._host, project, service)],
                {"name": f"{project}/{service}", "labels": [f"compose.project={project}"]},
            )
        for volume in self._payload.volumes:
            yield self._observer.item(
                "StorageVolume", f"{self._place}/volume/{volume.name}", (), {"name": volume.name}
            )
        for network in self._payload.networks:
            yield self._observer.item(
                "Subnet",
                f"{self._place}/network/{network.name}",
                (),
                {"name": network.name, "cidr": next(iter(network.subnets), None)},
            )

    def _engine(self) -> Observation:
        engine = self._payload.engine
        identifiers = [f"machine-id:{engine.machine_id}"] if engine.machine_id else []
        if "." in engine.name:
            identifiers.append(f"fqdn:{engine.name}")
        if engine.address and engine.address not in LOOPBACK:
            identifiers += _address(engine.address, self._settings.address_scope)
        return self._observer.item(
            "Server",
            self._place,
            identifiers,
            {
                "name": self._host,
                "hostname": engine.name,
                "operating_system": engine.operating_system,
                "kernel": engine.kernel,
                "architecture": engine.architecture,
                "cpu_count": engine.cpu_count,
                "memory": engine.memory,
            },
        )

    def links(self) -> Iterator[LinkObservation]:
        """How all that hangs together."""
        host = self._observer.key(self._place)
        for volume in self._payload.volumes:
            if volume.driver in ("local", ""):
                key = self._observer.key(f"{self._place}/volume/{volume.name}")
                yield self._observer.link("HOSTED_ON", key, host)
        for box in self._payload.containers:
            yield from self._box(box, host)
        for (project, service), boxes in self._services.items():
            yield from self._service(project, service, boxes)

    def _box(self, box: Box, host: str) -> Iterator[LinkObservation]:
        key = self._container(box)
        yield self._observer.link("RUNS_ON", key, host)
        for used in box.volumes:
            if used in self._volumes:
                to = self._observer.key(f"{self._place}/volume/{used}")
                yield self._observer.link("ATTACHES_TO", key, to)
        for used in box.networks:
            if used in self._networks:
                to = self._observer.key(f"{self._place}/network/{used}")
                yield self._observer.link("DEPENDS_ON", key, to, evidence=f"{box.name} is on it")
        if box.shares in self._boxes:
            yield self._observer.link(
                "DEPENDS_ON",
                key,
                self._container(self._boxes[box.shares]),
                evidence=f"{box.name} shares its network",
            )
        for named in box.named:
            to = f"fqdn:{named.host}"
            if named.to:
                if named.to not in self._boxes:
                    continue
                to = self._end(self._boxes[named.to])
            yield self._observer.link(
                "DEPENDS_ON",
                self._end(box),
                to,
                confidence=NAMED if named.certain and named.to else WORD,
                evidence=f"{named.by} of {box.name} names it",
            )

    def _service(self, project: str, service: str, boxes: list[Box]) -> Iterator[LinkObservation]:
        key = self._end(boxes[0])
        for box in boxes:
            yield self._observer.link("RUNS_ON", key, self._container(box), gate=Gate("containers"))
        for needed, must_run in dict.fromkeys(d for box in boxes for d in box.depends_on):
            if (project, needed) in self._services:
                yield self._observer.link(
                    "DEPENDS_ON",
                    key,
                    self._end(self._services[project, needed][0]),
                    strength="hard" if must_run else "soft",
                    confidence=STATED,
                    evidence=f"depends_on of {service} names {needed}",
                )

    def _container(self, box: Box) -> str:
        return self._observer.key(f"container/{box.id}")

    def _end(self, box: Box) -> str:
        """What others depend on: the service that a container is of, or the container itself."""
        if box.project and box.service:
            return self._observer.key(f"{self._place}/{box.project}/service/{box.service}")
        return self._container(box)


def _address(host: str, scope: str) -> list[str]:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return [f"fqdn:{host}"] if "." in host else []
    return [ip_identifier(host, scope)]
