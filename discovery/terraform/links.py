"""How the resources of one state refer to each other, and what they declare to depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cmdb.items import Gate, LinkObservation
from cmdb.plans.terraform import CLOUD_IDS
from discovery.observer import Observer
from discovery.terraform.mapping import LinkRule, Mappings
from discovery.terraform.state import Resource, State

DECLARED_CONFIDENCE = 0.5
"""Of a dependency that is declared only: it orders the work, and may mean nothing at run time."""


class StateLinks:
    """The links of one state; ``keys`` are the identifiers of those resources that are items."""

    def __init__(
        self, state: State, observer: Observer, rules: Mappings, keys: Mapping[int, str]
    ) -> None:
        self._resources = state.resources
        self._observer = observer
        self._rules = rules
        self._keys = keys
        self._known: dict[str, list[int]] = defaultdict(list)
        self._by_base: dict[str, list[int]] = defaultdict(list)
        for at, resource in enumerate(state.resources):
            # What is about to be destroyed is not what others mean.
            if not resource.deposed:
                self._by_base[resource.base].append(at)
                for value in _names_of(resource, rules):
                    self._known[value].append(at)

    def links(self, declared: bool) -> Iterator[LinkObservation]:
        """The links by references, then those that are only declared."""
        joined: set[frozenset[str]] = set()
        for link in self._by_reference():
            joined.add(frozenset((link.from_key, link.to_key)))
            yield link
        if declared:
            yield from self._declared(joined)

    def _by_reference(self) -> Iterator[LinkObservation]:
        for at, resource in enumerate(self._resources):
            rule = self._rules.rule(resource.type)
            if rule is None or resource.deposed:
                continue
            told: set[str] = set()
            for link in rule.links:
                if link.path in told or not _applies(link, resource):
                    continue
                starts = self._starts(at, resource, link)
                for value in resource.values.get(link.path, ()):
                    for to_key, called in self._ends(str(value), link, resource):
                        told.add(link.path)
                        for from_key in starts:
                            if from_key != to_key:
                                yield self._link(resource, link, from_key, to_key, called)

    def _starts(self, at: int, resource: Resource, link: LinkRule) -> list[str]:
        if not link.from_path:
            return [self._keys[at]] if at in self._keys else []
        found = {
            end
            for value in resource.values.get(link.from_path, ())
            for end in self._meant(str(value), link.from_to, resource)
        }
        return [self._keys[end] for end in sorted(found)]

    def _ends(self, value: str, link: LinkRule, resource: Resource) -> list[tuple[str, str]]:
        """The identifiers that a value leads to, each with what to call it.

        An id that is unique in the cloud leads out of the state: the link waits for its item.
        """
        found = self._meant(value, link.to, resource)
        if found:
            return [(self._keys[at], self._resources[at].address) for at in found]
        known = any(_fits(self._resources[at], link.to) for at in self._known.get(value, ()))
        if not known and self._rules.provider(resource.type).is_unique(value):
            return [(f"cloud:{_plain(value)}", _plain(value))]
        return []

    def _meant(
        self,
        value: str,
        types: tuple[str, ...],
        resource: Resource,
        seen: frozenset[int] = frozenset(),
    ) -> list[int]:
        """The items that a value means, through those that stand for others; none if unclear."""
        candidates = [at for at in self._known.get(value, ()) if at not in seen]
        candidates = [at for at in candidates if _fits(self._resources[at], types)] or [
            at for at in candidates if self._stands_for(at)
        ]
        # A data source and the resource it reads are one thing.
        keys = {self._keys.get(at, str(at)) for at in candidates}
        if len(keys) != 1:
            return []
        at = candidates[0]
        if at in self._keys:
            return [at]
        return sorted(
            {
                end
                for path in self._stands_for(at)
                for inner in self._resources[at].values.get(path, ())
                for end in self._meant(str(inner), (), resource, seen | {at})
            }
        )

    def _stands_for(self, at: int) -> tuple[str, ...]:
        rule = self._rules.rule(self._resources[at].type)
        return rule.stands_for if rule else ()

    def _link(
        self, resource: Resource, link: LinkRule, from_key: str, to_key: str, called: str
    ) -> LinkObservation:
        ends = (to_key, from_key) if link.reverse else (from_key, to_key)
        return self._observer.link(
            link.relation,
            *ends,
            strength=link.strength,
            gate=Gate(link.gate) if link.gate else None,
            confidence=link.confidence,
            evidence=f"{link.path} of {resource.address} leads to {called}",
        )

    def _declared(self, joined: set[frozenset[str]]) -> Iterator[LinkObservation]:
        """What is declared between items that no reference joins, through what is no item.

        States list what a dependency depends on as well, so that is left out.
        """
        direct = {at: self._nearest(at) for at in self._keys if not self._resources[at].deposed}
        for at, ends in sorted(direct.items()):
            for end, through in sorted(ends.items()):
                pair = frozenset((self._keys[at], self._keys[end]))
                if len(pair) < 2 or pair in joined:
                    continue
                if any(
                    end in direct.get(other, {}) and other not in direct.get(end, {})
                    for other in ends
                    if other != end
                ):
                    continue
                by = f" through {through}" if through else ""
                yield self._observer.link(
                    "DEPENDS_ON",
                    self._keys[at],
                    self._keys[end],
                    strength="soft",
                    confidence=DECLARED_CONFIDENCE,
                    evidence=(
                        f"{self._resources[at].address} declares to depend on "
                        f"{self._resources[end].address}{by}"
                    ),
                )

    def _nearest(self, start: int) -> dict[int, str]:
        """The items that a resource declares to depend on, with the first step where it's none."""
        found: dict[int, str] = {}
        seen = {start}
        todo = [(name, "") for name in self._resources[start].dependencies]
        while todo:
            name, through = todo.pop(0)
            for at in self._named(name):
                if at in seen:
                    continue
                seen.add(at)
                if at in self._keys:
                    found[at] = through
                else:
                    inner = self._resources[at]
                    todo += [(d, through or inner.address) for d in inner.dependencies]
        return found

    def _named(self, name: str) -> list[int]:
        exact = self._by_base.get(name, [])
        return exact or self._by_base.get(name.rpartition("[")[0], [])


def _applies(link: LinkRule, resource: Resource) -> bool:
    return all(resource.first(k).lower() == v.lower() for k, v in link.when.items())


def _fits(resource: Resource, types: tuple[str, ...]) -> bool:
    return not types or resource.type in types


def _plain(value: str) -> str:
    """An id as identifiers have it: a self link from its project on."""
    if value.startswith("https://") and "/projects/" in value:
        return f"projects/{value.split('/projects/', 1)[1]}"
    return value


def _names_of(resource: Resource, rules: Mappings) -> set[str]:
    rule = rules.rule(resource.type)
    if rule is None or not (rule.kind or rule.stands_for):
        return set()
    paths = (*CLOUD_IDS, *rule.known_by)
    values = {str(v) for path in paths for v in resource.values.get(path, ())}
    return values | {_plain(v) for v in values}
