"""Envoy: the listeners, routes and clusters of a static configuration, in YAML or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from discovery.configuration.lines import Complaints, Files
from discovery.configuration.payload import Address, Front, Member, Pool, Routes


def read_envoy(files: Files, root: str) -> Routes:
    """What the configuration says; what is asked of a control plane is not known here."""
    complaints = Complaints()
    try:
        document = yaml.safe_load(files[root])
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        complaints.add(root, mark.line + 1 if mark else 1, "this is neither YAML nor JSON")
        return Routes("envoy", root, errors=complaints.all())
    static = _map(_map(document).get("static_resources"))
    pools = [_pool(_map(one), root, complaints) for one in _list(static.get("clusters"))]
    known = {pool.name for pool in pools}
    fronts = [_front(_map(one), known) for one in _list(static.get("listeners"))]
    return Routes(
        "envoy", root, tuple(f for f in fronts if f.listens), tuple(pools), complaints.all()
    )


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _found(value: Any, name: str) -> Iterator[Any]:
    """All values of that name, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from _found(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _found(inner, name)


def _address(value: Any) -> Address | None:
    socket = _map(_map(value).get("socket_address"))
    host, port = str(socket.get("address", "")), socket.get("port_value")
    if not isinstance(port, int):
        return None
    return Address("" if host in ("0.0.0.0", "::") else host.lower(), port)  # noqa: S104


def _pool(cluster: dict[str, Any], file: str, complaints: Complaints) -> Pool:
    name = str(cluster.get("name", ""))
    members = []
    for group in _list(_map(cluster.get("load_assignment")).get("endpoints")):
        for one in _list(_map(group).get("lb_endpoints")):
            address = _address(_map(_map(one).get("endpoint")).get("address"))
            if address is None or not address.host:
                complaints.add(file, 1, f"an endpoint of the cluster {name[:60]} can't be read")
                continue
            weight = _map(one).get("load_balancing_weight", 1)
            backup = bool(_map(group).get("priority"))
            number = float(weight) if isinstance(weight, int) else 1.0
            members.append(Member(address, number, backup, f"{file}, cluster {name}"))
    return Pool(name, tuple(members))


def _front(listener: dict[str, Any], known: set[str]) -> Front:
    chains = listener.get("filter_chains")
    named: dict[str, None] = {}
    for kind in ("route", "tcp_proxy", "typed_config"):
        for value in _found(chains, kind):
            single = _map(value).get("cluster")
            if isinstance(single, str):
                named[single] = None
            weighted = _map(_map(value).get("weighted_clusters")).get("clusters")
            for one in _list(weighted):
                named[str(_map(one).get("name", ""))] = None
    domains = [d for value in _found(chains, "domains") for d in _list(value)]
    files = [_map(v).get("filename") for v in _found(chains, "certificate_chain")]
    address = _address(listener.get("address"))
    return Front(
        str(listener.get("name") or address or "listener"),
        (address,) if address else (),
        tuple(
            dict.fromkeys(
                d.partition(":")[0].lower() for d in domains if isinstance(d, str) and "*" not in d
            )
        ),
        tuple(name for name in named if name in known),
        tuple(f for f in files if isinstance(f, str)),
    )
