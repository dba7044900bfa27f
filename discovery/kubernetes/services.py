"""Services: what is behind them, and what leads to them from outside."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Iterator

from cmdb.identity.identifiers import ip_identifier
from cmdb.items import Gate, Observation
from discovery.kubernetes.members import Members
from discovery.kubernetes.payload import Endpoints, Identity, Meta, Objects, Service
from discovery.kubernetes.view import View


def service_observations(objects: Objects, members: Members, view: View) -> Iterator[Observation]:
    """The services with their pools."""
    behind: dict[tuple[str, str], list[Endpoints]] = {}
    for found in objects.endpoints:
        behind.setdefault((found.namespace, found.service), []).append(found)
    for service in objects.services:
        meta = service.meta
        identity = Identity("Service", meta.namespace, meta.name)
        yield view.item("ServiceInstance", identity, meta)
        yield from _pool(
            identity, service, behind.get((meta.namespace, meta.name), []), members, view
        )
        yield from balancer_observations(identity, meta, service.balancers, view)
        if service.external_name:
            yield view.observer.link(
                "DEPENDS_ON",
                view.key(identity),
                f"fqdn:{service.external_name}",
                evidence=f"Service {meta.name} is another name of {service.external_name}",
            )


def _pool(
    identity: Identity,
    service: Service,
    behind: Iterable[Endpoints],
    members: Members,
    view: View,
) -> Iterator[Observation]:
    """What the service spreads calls over: its ready endpoints, or what its selector means."""
    ready = {pod for e in behind for pod in e.ready}
    outside = {o for e in behind for o in e.outside}
    evidence = f"ready endpoints of Service {identity.name}"
    ends: Counter[str] = Counter()
    for pod in sorted(ready):
        owner = members.of.get((identity.namespace, pod))
        own = Identity("Pod", identity.namespace, pod)
        if view.pods or owner is None:
            ends[view.key(own)] += 1
        else:
            ends[view.key(owner)] += 1
    # The service of the API server itself leads to the cluster's own address.
    if service.selector is None and identity != Identity("Service", "default", "kubernetes"):
        for address, port, protocol in sorted(outside):
            ends[_endpoint(view, address, port, protocol)] += 1
    if not ends and service.selector is not None:
        evidence = f"the selector of Service {identity.name}"
        for owner in members.selected(identity.namespace, service.selector):
            ends[view.key(owner)] += 1
    several = len(ends) > 1
    for end, count in sorted(ends.items()):
        yield view.observer.link(
            "ROUTES_TO",
            view.key(identity),
            end,
            gate=Gate("endpoints") if several else None,
            weight=count if several else 1.0,
            evidence=evidence,
        )


def _endpoint(view: View, address: str, port: int, protocol: str) -> str:
    shown = f"[{address}]" if ":" in address else address
    return f"endpoint:{view.address_scope}/{protocol}/{shown}:{port}"


def balancer_observations(
    to: Identity, meta: Meta, names: Iterable[str], view: View
) -> Iterator[Observation]:
    """The load balancers outside of the cluster that lead to a service, ingress or gateway."""
    for name in names:
        own = Identity("LoadBalancer", to.namespace, name)
        identifiers = [_address(name, view.address_scope)]
        yield view.observer.item(
            "LoadBalancer",
            view.own(own),
            [i for i in identifiers if i],
            {"name": name, "virtual_address": name},
        )
        yield view.observer.link(
            "ROUTES_TO",
            view.key(own),
            view.key(to),
            evidence=f"the status of {to.kind} {meta.name} names {name}",
        )


def _address(name: str, scope: str) -> str:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return f"fqdn:{name}" if "." in name else ""
    return ip_identifier(name, scope)
