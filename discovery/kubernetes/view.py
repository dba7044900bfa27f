"""Where objects are looked at: a cluster, or files that declare some. It gives them their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cmdb.items import ItemObservation, Value
from discovery.kubernetes.payload import Identity, Meta
from discovery.observer import Observer


@dataclass(frozen=True, slots=True)
class View:
    """``place`` stands before the own ids of all objects; ``cluster`` is the uid of the cluster
    they are in, empty where that is not known.

    ``pods``: whether pods are items of their own.
    """

    observer: Observer
    place: str
    cluster: str
    address_scope: str = "default"
    pods: bool = False

    def own(self, of: Identity) -> str:
        """The source's own id of an object."""
        return f"{self.place}/{of.namespace or '_'}/{of.kind}/{of.name}"

    def key(self, of: Identity) -> str:
        """The identifier of an object by its own id: what links lead to."""
        return self.observer.key(self.own(of))

    def item(
        self,
        kind: str,
        of: Identity,
        meta: Meta,
        properties: Mapping[str, Value | None] | None = None,
        identifiers: Iterable[str] = (),
    ) -> ItemObservation:
        """An object as an item, its labels told."""
        known: list[str] = []
        if self.cluster:
            known = [f"k8s:{self.cluster}/{of.namespace or '_'}/{of.kind}/{of.name}"]
        labels = sorted(f"{k}={v}" if v else k for k, v in meta.labels.items())
        return self.observer.item(
            kind,
            self.own(of),
            [*known, *identifiers],
            {"name": of.name, "labels": labels or None, **(properties or {})},
        )
