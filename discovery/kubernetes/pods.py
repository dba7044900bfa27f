"""What a pod is made of: images, volumes, and what it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from discovery.kubernetes.payload import Identity, OuterHost, PodSpec, Reference
from discovery.references import (
    Known,
    arguments,
    hosts_in,
    is_hinted,
    is_outside,
    service_of,
)
from discovery.tree import labels_of, table, tables, text

GIVEN_TO_ALL = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})
"""ConfigMaps that the cluster puts into every namespace and every pod."""

Object = Mapping[str, Any]


def pod_spec(
    template: Object, namespace: str, known: Known, claim_templates: tuple[str, ...] = ()
) -> PodSpec:
    """What is kept of a pod, or of the template that pods are made from."""
    spec = table(template, "spec")
    containers = [*tables(spec, "initContainers"), *tables(spec, "containers")]
    volumes = list(tables(spec, "volumes"))
    services, hosts = _named(containers, namespace, known)
    return PodSpec(
        labels=labels_of(template, "metadata", "labels"),
        images=tuple(
            dict.fromkeys(i for c in tables(spec, "containers") if (i := text(c, "image")))
        ),
        claims=tuple(
            dict.fromkeys(
                name for v in volumes if (name := text(v, "persistentVolumeClaim", "claimName"))
            )
        ),
        claim_templates=claim_templates,
        configuration=_unique(
            [
                *_in_volumes(volumes, namespace),
                *(r for c in containers for r in _in_environment(c, namespace)),
            ]
        ),
        services=services,
        hosts=hosts,
    )


def _unique(references: list[Reference]) -> tuple[Reference, ...]:
    found: dict[tuple[str, str], Reference] = {}
    for reference in references:
        if reference.to.name and reference.to.name not in GIVEN_TO_ALL:
            found.setdefault((reference.to.kind, reference.to.name), reference)
    return tuple(found.values())


def _in_volumes(volumes: list[Object], namespace: str) -> Iterator[Reference]:
    for volume in volumes:
        by = f"the volume {text(volume, 'name')}"
        for source in (volume, *tables(volume, "projected", "sources")):
            for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                held = table(source, key)
                name = text(held, "name") or text(held, "secretName")
                # Tokens of service accounts are made for each pod, and nobody changes them.
                if held and "-token-" not in name:
                    yield Reference(Identity(kind, namespace, name), by)


def _in_environment(container: Object, namespace: str) -> Iterator[Reference]:
    for entry in tables(container, "envFrom"):
        for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            if name := text(entry, key, "name"):
                yield Reference(Identity(kind, namespace, name), "its environment")
    for entry in tables(container, "env"):
        by = f"the environment variable {text(entry, 'name')}"
        for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            if name := text(entry, "valueFrom", key, "name"):
                yield Reference(Identity(kind, namespace, name), by)


def _named(
    containers: list[Object], namespace: str, known: Known
) -> tuple[tuple[Reference, ...], tuple[OuterHost, ...]]:
    """The services and outer hosts that environment variables and arguments name."""
    services: dict[tuple[str, str], Reference] = {}
    hosts: dict[str, OuterHost] = {}
    for by, hinted, value in _values(containers):
        for host, plain in hosts_in(value):
            # A bare word is a name only where the variable says so.
            if plain and not hinted:
                continue
            if meant := service_of(host, namespace, known):
                found = Reference(Identity("Service", *meant), by, not plain)
                if meant not in services or found.certain > services[meant].certain:
                    services[meant] = found
            elif is_outside(host):
                hosts.setdefault(host, OuterHost(host, by))
    return tuple(services.values()), tuple(hosts.values())


def _values(containers: list[Object]) -> Iterator[tuple[str, bool, str]]:
    for container in containers:
        for entry in tables(container, "env"):
            name = text(entry, "name")
            yield f"the environment variable {name}", is_hinted(name), text(entry, "value")
        for key in ("command", "args"):
            words = container.get(key)
            for name, value in arguments(words if isinstance(words, list) else ()):
                yield _called(name), False, value


def _called(option: str) -> str:
    """What to call an argument; an option's name is told where it is no more than that."""
    plain = option.lstrip("-").replace("-", "").replace("_", "").replace(".", "")
    return f"the option {option}" if plain.isalnum() and len(option) < 60 else "an argument"
