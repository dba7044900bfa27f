"""The items of a state: what its resources are, and where they stand. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cmdb.catalogue import PropertyType, builtin
from cmdb.items import ItemObservation, LinkObservation, Value
from cmdb.plans.terraform import CLOUD_IDS, resource_identifiers
from discovery.observer import Observer
from discovery.terraform.mapping import Mappings, TypeRule
from discovery.terraform.state import Resource, State

GIB = 2**30


class StateItems:
    """The items of one state; ``keys`` are the first identifiers of its resources by position.

    ``labels`` says which labels a resource has as an item.
    """

    def __init__(
        self,
        state: State,
        observer: Observer,
        rules: Mappings,
        labels: Callable[[Resource], list[str]],
    ) -> None:
        self._labels = labels
        self._state = state
        self._observer = observer
        self._rules = rules
        self._own = {
            at: self._own_id(resource)
            for at, resource in enumerate(state.resources)
            if self._is_item(resource)
        }
        self.keys = {at: observer.key(own) for at, own in self._own.items()}

    def items(self) -> Iterator[ItemObservation]:
        """Managed resources before data sources, so that of two that are one the first is told."""
        order = sorted(self._own, key=lambda at: self._state.resources[at].data)
        for at in order:
            resource = self._state.resources[at]
            rule = self._rules.types[resource.type]
            yield self._observer.item(
                rule.kind,
                self._own[at],
                [*self._unique(resource), *self._named(resource, rule)],
                self._properties(resource, rule),
            )
        for zone, provider in sorted({z for at in self._own if (z := self._zone(at))}):
            yield self._observer.item(
                "Location",
                f"zone/{provider}/{zone}",
                [f"name:Location/{zone}"],
                {"name": zone, "description": f"An availability zone of {provider}."},
            )

    def zone_links(self) -> Iterator[LinkObservation]:
        """Which zone each resource is in."""
        for at, key in self.keys.items():
            if found := self._zone(at):
                zone, provider = found
                to = self._observer.key(f"zone/{provider}/{zone}")
                evidence = f"{self._state.resources[at].address} is in {zone}"
                yield self._observer.link("LOCATED_IN", key, to, evidence=evidence)

    def _zone(self, at: int) -> tuple[str, str] | None:
        resource = self._state.resources[at]
        rule = self._rules.types[resource.type]
        zone = next((z for path in rule.zone if (z := resource.first(path))), "")
        return (zone.rpartition("/")[2], self._rules.provider(resource.type).name) if zone else None

    def _is_item(self, resource: Resource) -> bool:
        rule = self._rules.rule(resource.type)
        if rule is None or not rule.kind:
            return False
        # What another state manages, or what is about to be destroyed, is told of only where its
        # id says which thing it is.
        secondary = resource.data or resource.deposed
        return not secondary or bool(self._unique(resource) or self._named(resource, rule))

    def _own_id(self, resource: Resource) -> str:
        unique = self._unique(resource)
        if unique:
            return unique[0].partition(":")[2]
        return f"{self._state.lineage or self._state.name}/{resource.address}"

    def _unique(self, resource: Resource) -> list[str]:
        """The provider's ids of the resource that are unique in all of the cloud."""
        provider = self._rules.provider(resource.type)
        values = {key: v for key in CLOUD_IDS if (v := resource.first(key))}
        found = resource_identifiers(values)
        return [i for i in dict.fromkeys(found) if provider.is_unique(i.partition(":")[2])]

    def _named(self, resource: Resource, rule: TypeRule) -> list[str]:
        found: list[str] = []
        for namespace, paths in rule.identifiers.items():
            if namespace == "dns":
                name, kind = (p[1:] if p[0] == "=" else resource.first(p) for p in paths)
                if "." in name and kind:
                    found.append(f"dns:{name.rstrip('.')}/{kind}")
                continue
            values = [str(v) for path in paths for v in resource.values.get(path, ())]
            found += [
                f"{namespace}:{value}" for value in values if namespace != "fqdn" or "." in value
            ]
        return found

    def _properties(self, resource: Resource, rule: TypeRule) -> Mapping[str, Value | None]:
        kind = builtin().kind(rule.kind)
        found: dict[str, Any] = {**rule.fixed}
        for name, paths in rule.properties.items():
            values = [v for path in paths for v in resource.values.get(path, ())]
            if not values:
                continue
            kind_of = kind.properties[name].type
            if kind_of is PropertyType.STRINGS:
                found[name] = sorted({str(v) for v in values})
            elif kind_of is PropertyType.INTEGER:
                found[name] = _integer(values[0])
            else:
                found[name] = str(values[0])
        if rule.size and (size := _integer(resource.first(rule.size))):
            found["capacity"] = size * GIB
        if rule.kind == "CloudResource":
            found["provider"] = self._rules.provider(resource.type).name
            for name in ("account", "region"):
                found.setdefault(name, resource.first(name) or None)
        found.setdefault("name", resource.address)
        found["labels"] = self._labels(resource) or None
        return found


def _integer(value: object) -> int | None:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return None
