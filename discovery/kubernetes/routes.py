"""Ingresses, gateways and their routes: the ways into a cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from cmdb.items import Gate, Observation
from discovery.kubernetes.payload import Backend, Identity, Meta, Objects, Route
from discovery.kubernetes.services import balancer_observations
from discovery.kubernetes.view import View

SAME_ADDRESS = 0.8
"""Confidence where a controller is known by the address that it gives to an ingress."""


def route_observations(objects: Objects, view: View) -> Iterator[Observation]:
    """The routes, the names they are called by, and the services they lead to."""
    hosts: dict[str, list[Route]] = defaultdict(list)
    parents = {identity_of(route): route for route in objects.routes}
    balancers = {
        name: Identity("Service", s.meta.namespace, s.meta.name)
        for s in objects.services
        for name in s.balancers
    }
    services = {(s.meta.namespace, s.meta.name) for s in objects.services}
    for route in objects.routes:
        identity = identity_of(route)
        yield view.item("ApiEndpoint", identity, route.meta, {"protocol": _protocol(route)})
        yield from _backends(identity, route, services, view)
        yield from _parents(identity, route, parents, view)
        yield from _secrets(identity, route, view)
        yield from _controllers(identity, route, balancers, view)
        names = route.hosts or tuple(
            h for p in route.parents if p in parents for h in parents[p].hosts
        )
        for host in names:
            # A pattern is no name that anything else is known by, and gateways only listen.
            if "*" not in host and route.kind != "Gateway":
                hosts[host].append(route)
    for host, routes in sorted(hosts.items()):
        yield from _host(host, routes, view)


def identity_of(route: Route) -> Identity:
    """The identity of a route."""
    return Identity(route.kind, route.meta.namespace, route.meta.name)


def _protocol(route: Route) -> str:
    return {"GRPCRoute": "grpc", "TLSRoute": "tls", "TCPRoute": "tcp", "UDPRoute": "udp"}.get(
        route.kind, "https" if route.secrets else "http"
    )


def _host(host: str, routes: list[Route], view: View) -> Iterator[Observation]:
    own = Identity("Host", "", host)
    yield view.observer.item(
        "ApiEndpoint", view.own(own), [f"fqdn:{host}"], {"name": host, "protocol": "http"}
    )
    whole = [route for route in routes if any(b.root for b in route.backends)]
    for route in routes:
        yield view.observer.link(
            "ROUTES_TO",
            view.key(own),
            view.key(identity_of(route)),
            strength=_strength(len(routes) == 1 or route in whole),
            evidence=f"{route.kind} {route.meta.name} answers to {host}",
        )


def _strength(hard: bool) -> Literal["hard", "soft"]:
    return "hard" if hard else "soft"


def _backends(
    identity: Identity, route: Route, services: set[tuple[str, str]], view: View
) -> Iterator[Observation]:
    """What a route leads to. A part of its paths that is gone leaves the rest of it standing."""
    rules: dict[int, dict[Identity, Backend]] = defaultdict(dict)
    for backend in route.backends:
        if (backend.to.namespace, backend.to.name) in services:
            # An Ingress has one backend for each path; two paths to one service are one link.
            at = 0 if route.kind == "Ingress" else backend.rule
            held = rules[at].get(backend.to)
            if held is None or backend.root > held.root:
                rules[at][backend.to] = backend
    every = {to for rule in rules.values() for to in rule}
    for at, rule in sorted(rules.items()):
        spread = len(rule) > 1 and route.kind != "Ingress"
        for to, backend in sorted(rule.items(), key=lambda pair: pair[0].name):
            yield view.observer.link(
                "ROUTES_TO",
                view.key(identity),
                view.key(to),
                strength=_strength(backend.root or len(every) == 1),
                gate=Gate(f"rule {at + 1}") if spread else None,
                evidence=f"a rule of {identity.kind} {identity.name} leads to {to.name}",
            )


def _parents(
    identity: Identity, route: Route, known: dict[Identity, Route], view: View
) -> Iterator[Observation]:
    several = len(route.parents) > 1
    for parent in route.parents:
        if parent in known:
            yield view.observer.link(
                "DEPENDS_ON",
                view.key(identity),
                view.key(parent),
                gate=Gate("gateways") if several else None,
                evidence=f"{identity.kind} {identity.name} is attached to Gateway {parent.name}",
            )


def _secrets(identity: Identity, route: Route, view: View) -> Iterator[Observation]:
    for secret in route.secrets:
        yield view.item(
            "ConfigurationSource",
            secret,
            Meta(secret.name, secret.namespace),
            {"namespace": secret.namespace, "source_type": secret.kind},
        )
        yield view.observer.link(
            "DEPENDS_ON",
            view.key(identity),
            view.key(secret),
            strength="soft",
            evidence=f"{identity.kind} {identity.name} takes its certificate from {secret.name}",
        )


def _controllers(
    identity: Identity, route: Route, balancers: dict[str, Identity], view: View
) -> Iterator[Observation]:
    """The controller that serves a route: the service with the same address outside."""
    for name in route.balancers:
        if name in balancers:
            yield view.observer.link(
                "DEPENDS_ON",
                view.key(identity),
                view.key(balancers[name]),
                confidence=SAME_ADDRESS,
                evidence=f"both {identity.kind} {identity.name} and it are reached at {name}",
            )
        else:
            yield from balancer_observations(identity, route.meta, (name,), view)
