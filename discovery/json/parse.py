"""Documents become observations, as the mapping has it. Nothing here does I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from cmdb.catalogue import builtin
from cmdb.items import Gate, ItemObservation, LinkObservation, Observation, Value
from discovery.json import JsonSettings
from discovery.json.extract import spelling
from discovery.json.fetch import mapping_of
from discovery.json.mapping import ANY, JsonMapping, LinkRule, Sort
from discovery.json.payload import JsonPayload, Linked, Thing
from discovery.observer import Observer
from discovery.record_mapping import typed
from discovery.scanner import Parsed

SOURCE = "json"


def parse(payload: JsonPayload, settings: JsonSettings, time: datetime) -> Parsed:
    """The items and links of a target's documents. What can't be read of a thing is left out and
    told of: how often, and of which property or sort."""
    work = _Work(payload, mapping_of(settings), Observer(SOURCE, time, payload.scope))
    observations = tuple(work.observations())
    notes = tuple(
        f"{payload.target}: {message}{f' ({count} times)' if count > 1 else ''}"
        for message, count in work.flaws.items()
    )
    return Parsed(payload.scope, observations, full=settings.full, notes=notes)


class _Work:
    """One target on its way."""

    def __init__(self, payload: JsonPayload, mapping: JsonMapping, observer: Observer) -> None:
        self._payload = payload
        self._sorts = {sort.name: sort for sort in mapping.sorts}
        self._observer = observer
        self.flaws = Counter[str]()

    def observations(self) -> Iterator[Observation]:
        for thing in self._payload.things:
            sort = self._sorts.get(thing.sort)
            if sort is not None:
                yield from self._thing(sort, thing)

    def _thing(self, sort: Sort, thing: Thing) -> Iterator[Observation]:
        if thing.id is None:
            self.flaws[f"a {sort.name} has no id ({sort.id.text}), and is left out"] += 1
            return
        yield self._item(sort, thing.id, thing)
        key = self._key(sort.name, thing.id)
        for linked in thing.links:
            yield from self._links(sort.links[linked.rule], key, linked)

    def _key(self, sort: str, own: str) -> str:
        return self._observer.key(self._own(sort, own))

    def _own(self, sort: str, own: str) -> str:
        return f"{self._payload.scope}/{sort}/{own}"

    def _item(self, sort: Sort, own: str, thing: Thing) -> ItemObservation:
        identifiers = [f"{name}:{one}" for name, all_ in thing.identifiers.items() for one in all_]
        properties = {
            name: self._value(sort, name, value) for name, value in thing.properties.items()
        }
        properties.setdefault("name", own)
        return self._observer.item(sort.kind, self._own(sort.name, own), identifiers, properties)

    def _value(self, sort: Sort, name: str, value: Any) -> Value | None:
        table = sort.values.get(name)
        if table is not None and value is not None:
            spelled = spelling(value) or ""
            if spelled not in table and ANY not in table:
                self.flaws[f"{name}: the mapping says nothing of {spelled[:60]!r}"] += 1
                return None
            return table.get(spelled, table.get(ANY))
        try:
            return typed(builtin().kind(sort.kind).properties[name], value)
        except ValueError as error:
            self.flaws[f"{name} of a {sort.name} {error}"] += 1
            return None

    def _links(self, rule: LinkRule, key: str, linked: Linked) -> Iterator[LinkObservation]:
        for text in linked.ends:
            end = self._key(rule.end, text) if rule.is_table else f"{rule.end}:{text}"
            if end != key:
                yield self._link(rule, key, end, linked.gate)

    def _link(self, rule: LinkRule, key: str, end: str, gate: str | None) -> LinkObservation:
        strength: Literal["hard", "soft"] = "soft" if rule.strength == "soft" else "hard"
        return self._observer.link(
            rule.relation,
            *((end, key) if rule.reverse else (key, end)),
            strength=strength,
            gate=Gate(gate, rule.min_up) if gate else None,
            confidence=rule.confidence,
            evidence=f"{rule.to.text} in {self._payload.target}",
        )
