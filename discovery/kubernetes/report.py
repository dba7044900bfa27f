"""From objects to observations; the same for a cluster and for manifests. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cmdb.items import ItemObservation, LinkObservation, Observation
from discovery.kubernetes.members import Members
from discovery.kubernetes.payload import Identity, Meta, Objects
from discovery.kubernetes.routes import route_observations
from discovery.kubernetes.services import service_observations
from discovery.kubernetes.view import View
from discovery.kubernetes.volumes import volume_observations
from discovery.kubernetes.workloads import workload_observations


def observations_of(objects: Objects, view: View, cluster_key: str = "") -> tuple[Observation, ...]:
    """Everything that the objects say, items before links, each once.

    ``cluster_key`` is the identifier of the cluster that they are in, if it is an item.
    """
    members = Members(objects)
    items: dict[str, ItemObservation] = {}
    links: dict[tuple[str, str, str, str], LinkObservation] = {}
    for seen in (
        *workload_observations(objects, members, view, cluster_key),
        *service_observations(objects, members, view),
        *route_observations(objects, view),
        *volume_observations(objects, members, view),
        *_owners(objects, members, view),
    ):
        if isinstance(seen, ItemObservation):
            items.setdefault(seen.identifiers[0], seen)
        else:
            gate = seen.gate.name if seen.gate else ""
            links.setdefault((seen.relation, seen.from_key, seen.to_key, gate), seen)
    return (*items.values(), *links.values())


def _owners(objects: Objects, members: Members, view: View) -> Iterator[Observation]:
    """The teams that labels name: of an object itself, or of its namespace."""
    spaces = {space.meta.name: space.meta.owners for space in objects.spaces}
    metas: list[tuple[Identity, Meta]] = [
        *((identity, workload.meta) for identity, workload in members.workloads.items()),
        *((Identity("Service", s.meta.namespace, s.meta.name), s.meta) for s in objects.services),
        *((Identity(r.kind, r.meta.namespace, r.meta.name), r.meta) for r in objects.routes),
    ]
    for identity, meta in metas:
        for team in (meta.owners or spaces.get(meta.namespace, ()))[:1]:
            own = f"team/{team}"
            yield view.observer.item("Team", own, [f"name:Team/{team}"], {"name": team})
            said = f"{identity.kind} {meta.name}" if meta.owners else f"namespace {meta.namespace}"
            yield view.observer.link(
                "OWNED_BY",
                view.key(identity),
                view.observer.key(own),
                evidence=f"a label of {said}",
            )
