"""Documents become observations, as the mapping has it. Nothing here does I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatch
from typing import Any, Literal

from cmdb.catalogue import builtin
from cmdb.items import Gate, ItemObservation, LinkObservation, Observation, Value
from discovery.json import JsonSettings
from discovery.json.fetch import mapping_of
from discovery.json.mapping import ANY, JsonMapping, LinkRule, Sort
from discovery.json.payload import JsonPayload
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
        self._mapping = mapping
        self._observer = observer
        self.flaws = Counter[str]()

    def observations(self) -> Iterator[Observation]:
        for sort in self._mapping.sorts:
            if sort.target and not fnmatch(self._payload.target, sort.target):
                continue
            for document in self._payload.documents:
                for thing in _things(sort, document):
                    yield from self._thing(sort, thing)

    def _thing(self, sort: Sort, thing: Any) -> Iterator[Observation]:
        own = _text(sort.id.of(thing))
        if own is None:
            self.flaws[f"a {sort.name} has no id ({sort.id.text}), and is left out"] += 1
            return
        yield self._item(sort, own, thing)
        for rule in sort.links:
            yield from self._links(rule, self._key(sort.name, own), thing)

    def _key(self, sort: str, own: str) -> str:
        return self._observer.key(self._own(sort, own))

    def _own(self, sort: str, own: str) -> str:
        return f"{self._payload.scope}/{sort}/{own}"

    def _item(self, sort: Sort, own: str, thing: Any) -> ItemObservation:
        identifiers = []
        for namespace, expression in sort.identifiers.items():
            found = expression.of(thing)
            for one in found if isinstance(found, list) else [found]:
                if (text := _text(one)) is not None:
                    identifiers.append(f"{namespace}:{text}")
        properties = {name: self._value(sort, name, thing) for name in sort.properties}
        properties.setdefault("name", own)
        return self._observer.item(sort.kind, self._own(sort.name, own), identifiers, properties)

    def _value(self, sort: Sort, name: str, thing: Any) -> Value | None:
        value = sort.properties[name].of(thing)
        table = sort.values.get(name)
        if table is not None and value is not None:
            spelled = _text(value) or ""
            if spelled not in table and ANY not in table:
                self.flaws[f"{name}: the mapping says nothing of {spelled[:60]!r}"] += 1
                return None
            return table.get(spelled, table.get(ANY))
        try:
            return typed(builtin().kind(sort.kind).properties[name], value)
        except ValueError as error:
            self.flaws[f"{name} of a {sort.name} {error}"] += 1
            return None

    def _links(self, rule: LinkRule, key: str, thing: Any) -> Iterator[LinkObservation]:
        found = rule.each.of(thing) if rule.each is not None else thing
        rows = found if rule.each is not None and isinstance(found, list) else [found]
        for row in rows:
            if row is None:
                continue
            ends = rule.to.of(row)
            for one in ends if isinstance(ends, list) else [ends]:
                if (text := _text(one)) is not None:
                    end = self._key(rule.end, text) if rule.is_table else f"{rule.end}:{text}"
                    if end != key:
                        yield self._link(rule, key, end, row)

    def _link(self, rule: LinkRule, key: str, end: str, row: Any) -> LinkObservation:
        strength: Literal["hard", "soft"] = "soft" if rule.strength == "soft" else "hard"
        gate = _text(rule.gate.of(row)) if rule.gate is not None else None
        return self._observer.link(
            rule.relation,
            *((end, key) if rule.reverse else (key, end)),
            strength=strength,
            gate=Gate(gate, rule.min_up) if gate else None,
            confidence=rule.confidence,
            evidence=f"{rule.to.text} in {self._payload.target}",
        )


def _things(sort: Sort, document: Any) -> list[Any]:
    """The things of a sort in a document; with their keys where they are an object's values."""
    found = sort.each.of(document)
    if sort.key and isinstance(found, dict):
        return [
            {**(thing if isinstance(thing, dict) else {"value": thing}), sort.key: key}
            for key, thing in found.items()
        ]
    return [one for one in (found if isinstance(found, list) else [found]) if one is not None]


def _text(value: Any) -> str | None:
    """A value as a part of an identifier; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None
