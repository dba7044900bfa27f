"""A scanner's voice: makes observations that bear its source, time and scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.identity.junk import junk_reason
from cmdb.items import Gate, ItemObservation, LinkObservation, Observation, Value


@dataclass(frozen=True, slots=True)
class Observer:
    """Makes observations of one source and scope at one time. No link is told with more than
    ``most_confident``."""

    source: str
    time: datetime
    scope: str
    most_confident: float = 1.0

    def key(self, own_id: str) -> str:
        """The identifier of a thing by the source's own id."""
        return f"key:{self.source}/{own_id}"

    def item(
        self,
        kind: str,
        own_id: str,
        identifiers: Iterable[str] = (),
        properties: Mapping[str, Value | None] | None = None,
    ) -> ItemObservation:
        """An item with its own id and those ``identifiers`` that identify its kind.

        Identifiers that can't be read, are placeholders, or do not identify the kind are left out,
        and so are properties that are None: what was not seen is not said to be absent.
        """
        values: dict[str, Value | None] = (
            {k: v for k, v in properties.items() if v is not None and v != ""} if properties else {}
        )
        allowed = _identifying(kind)
        readable = [_readable(i) for i in identifiers if namespace_of(i) in allowed]
        kept = dict.fromkeys([i for i in readable if i is not None])
        keys = (self.key(own_id), *kept)
        return ItemObservation(kind, keys, self.source, self.time, values, self.scope)

    def link(
        self,
        relation: str,
        from_key: str,
        to_key: str,
        *,
        strength: Literal["hard", "soft"] = "hard",
        gate: Gate | None = None,
        weight: float = 1.0,
        confidence: float = 1.0,
        evidence: str | None = None,
    ) -> LinkObservation:
        """A relationship between two identifiers."""
        return LinkObservation(
            relation,
            from_key,
            to_key,
            self.source,
            self.time,
            strength,
            gate,
            weight,
            min(confidence, self.most_confident),
            evidence,
            self.scope,
        )


@lru_cache(maxsize=1024)
def _identifying(kind: str) -> frozenset[str]:
    return frozenset(builtin().kind(kind).identified_by)


def _readable(identifier: str) -> str | None:
    try:
        normal = normalise(identifier, builtin())
    except InvalidInput:
        return None
    return None if junk_reason(normal) else normal


def once(observations: Iterable[Observation]) -> Iterator[Observation]:
    """Each thing once, items before links: of what is told several times the first word."""
    told: set[tuple[str, ...]] = set()
    links: list[Observation] = []
    for seen in observations:
        if isinstance(seen, ItemObservation):
            if (own := seen.identifiers[:1]) not in told:
                told.add(own)
                yield seen
        elif (ends := (seen.relation, seen.from_key, seen.to_key)) not in told:
            told.add(ends)
            links.append(seen)
    yield from links
