"""From ingresses, gateways and their routes to what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from discovery.kubernetes.payload import Backend, Identity, Meta, Route
from discovery.tree import number, table, tables, text, texts

Object = Mapping[str, Any]


def balancers_of(found: Object) -> tuple[str, ...]:
    """Hosts and addresses that lead here from outside."""
    status = table(found, "status")
    every = [*tables(status, "loadBalancer", "ingress"), *tables(status, "addresses")]
    names = (text(e, "hostname") or text(e, "ip") or text(e, "value") for e in every)
    return tuple(dict.fromkeys(name for name in names if name))


def read_ingress(found: Object, meta: Meta) -> Route:
    """An Ingress, of any version of the API."""
    spec = table(found, "spec")
    backends = [(table(spec, "defaultBackend") or table(spec, "backend"), True)]
    hosts = []
    for rule in tables(spec, "rules"):
        hosts.append(text(rule, "host"))
        for path in tables(rule, "http", "paths"):
            root = text(path, "path") in ("", "/", "/*")
            backends.append((table(path, "backend"), root))
    tls = list(tables(spec, "tls"))
    secrets = (text(entry, "secretName") for entry in tls)
    return Route(
        kind="Ingress",
        meta=meta,
        hosts=tuple(dict.fromkeys([*(h for h in hosts if h), *_many(tls, "hosts")])),
        backends=tuple(
            Backend(Identity("Service", meta.namespace, name), root=root)
            for backend, root in backends
            # Before networking.k8s.io/v1 the name stood in the backend itself.
            if (name := text(backend, "service", "name") or text(backend, "serviceName"))
        ),
        secrets=tuple(Identity("Secret", meta.namespace, s) for s in secrets if s),
        balancers=balancers_of(found),
    )


def _many(entries: Sequence[Object], key: str) -> Iterator[str]:
    for entry in entries:
        yield from texts(entry, key)


def read_gateway(found: Object, meta: Meta) -> Route:
    """A Gateway: what routes are attached to."""
    listeners = list(tables(found, "spec", "listeners"))
    secrets = [r for li in listeners for r in tables(li, "tls", "certificateRefs")]
    return Route(
        kind="Gateway",
        meta=meta,
        hosts=tuple(dict.fromkeys(h for li in listeners if (h := text(li, "hostname")))),
        secrets=tuple(
            Identity("Secret", text(s, "namespace") or meta.namespace, text(s, "name"))
            for s in secrets
            if (text(s, "kind") or "Secret") == "Secret"
        ),
        balancers=balancers_of(found),
    )


def read_route(found: Object, meta: Meta, kind: str) -> Route:
    """A route of the Gateway API; a backend that gets no calls is left out."""
    spec = table(found, "spec")
    backends = []
    for at, rule in enumerate(tables(spec, "rules")):
        paths = [text(m, "path", "value") for m in tables(rule, "matches")]
        for ref in tables(rule, "backendRefs"):
            weight = number(ref, "weight")
            if text(ref, "name") and weight != 0:
                to = Identity(
                    text(ref, "kind") or "Service",
                    text(ref, "namespace") or meta.namespace,
                    text(ref, "name"),
                )
                root = not paths or "/" in paths
                backends.append(Backend(to, at, root, 1 if weight is None else weight))
    return Route(
        kind=kind,
        meta=meta,
        hosts=texts(spec, "hostnames"),
        backends=tuple(backends),
        parents=tuple(
            Identity("Gateway", text(p, "namespace") or meta.namespace, text(p, "name"))
            for p in tables(spec, "parentRefs")
            if (text(p, "kind") or "Gateway") == "Gateway"
        ),
    )
