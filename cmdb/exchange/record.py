"""One observation as a file has it, and the check that makes it a real one.

The same check guards every way in: files, scans sent to a server, the API. From the types here the
published JSON Schema is generated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cmdb.catalogue import Catalogue, ResolvedKind
from cmdb.errors import (
    InvalidInput,
    UnknownKind,
    UnknownRelation,
    did_you_mean,
    nearest,
)
from cmdb.identity.identifiers import MAX_LENGTH, namespace_of, normalise
from cmdb.identity.junk import junk_reason
from cmdb.items import Gate, ItemObservation, LinkObservation, Observation, Past, Value
from cmdb.items.value import check_value, parse_time

_Text = Annotated[str, Meta(max_length=1000)]
_PERCENTAGE = re.compile(r"^(\d{1,3}(?:\.\d+)?)\s*%$")
_SOURCE = re.compile(r"^[^\x00-\x1f/]{1,100}$")
MAX_IDENTIFIERS = 1000


class ItemRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The ``item`` of a line."""

    kind: _Text
    identifiers: list[str]
    properties: dict[str, Any] = {}
    distinct_from: list[str] = []
    complete: list[str] = []
    """Relations of which this run names every link that leads from the item."""


class GateRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The gate a link belongs to: a name, and how much must serve."""

    name: _Text
    min_up: int | float | str = 1


class LinkRecord(
    msgspec.Struct,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"from_key": "from", "to_key": "to"},
):
    """The ``link`` of a line; its ends are identifiers, or ``to`` is one of ``to_any``."""

    relation: _Text
    from_key: str
    to_key: str = ""
    strength: str = "hard"
    gate: GateRecord | None = None
    weight: float = 1.0
    confidence: float = 1.0
    evidence: str | None = None
    to_any: list[str] = []
    """Identifiers and names that the end may go by, the likeliest first."""


class Line(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One line: an item or a link, and what its import would otherwise fill in.

    ``first_seen``, ``since``, ``missing_since`` and ``retired`` are written by exports and restore
    what the store knew about the report.
    """

    item: ItemRecord | None = None
    link: LinkRecord | None = None
    source: str | None = None
    time: str | None = None
    scope: str | None = None
    first_seen: str | None = None
    since: dict[str, str] | None = None
    missing_since: str | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a line takes where it says nothing itself."""

    source: str
    time: datetime
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with one record, and in which of its fields."""

    field: str
    message: str


class FlawedRecord(Exception):
    """A record that is no observation; never leaves this package."""

    def __init__(self, flaws: list[Flaw]) -> None:
        super().__init__("; ".join(f.message for f in flaws))
        self.flaws = flaws


def observation(line: Line, defaults: Defaults, catalogue: Catalogue) -> Observation:
    """The observation a line stands for, its identifiers and values in their one form.

    Raises :class:`FlawedRecord` with every flaw of the line.
    """
    flaws: list[Flaw] = []
    made: Observation | None = None
    common = _Common.of(line, defaults, flaws)
    if (line.item is None) == (line.link is None):
        flaws.append(Flaw("", 'a line has either "item" or "link"'))
    elif line.item is not None:
        made = _item(line.item, common, catalogue, flaws)
    elif line.link is not None:
        made = _link(line.link, common, catalogue, flaws)
    if flaws:
        raise FlawedRecord(flaws)
    assert made is not None, "a record without flaws is an observation"
    return made


@dataclass(frozen=True, slots=True)
class _Common:
    source: str
    time: datetime
    scope: str
    past: Past | None

    @classmethod
    def of(cls, line: Line, defaults: Defaults, flaws: list[Flaw]) -> _Common:
        source = line.source if line.source is not None else defaults.source
        if not _SOURCE.match(source):
            flaws.append(
                Flaw(
                    "source",
                    "must be 1 to 100 characters without slashes or control characters",
                )
            )
        time = _time("time", line.time, flaws) or defaults.time
        if time - datetime.now(UTC) > timedelta(days=1):
            flaws.append(
                Flaw(
                    "time",
                    f"{line.time} lies in the future; what was seen was seen before now",
                )
            )
        scope = line.scope if line.scope is not None else defaults.scope
        first_seen = _time("first_seen", line.first_seen, flaws)
        past = None
        if first_seen is not None:
            since = {k: _time(f"since.{k}", v, flaws) for k, v in (line.since or {}).items()}
            past = Past(
                first_seen,
                {k: t for k, t in since.items() if t is not None},
                _time("missing_since", line.missing_since, flaws),
                line.retired,
            )
        return cls(source, time, scope, past)


def _time(field: str, text: str | None, flaws: list[Flaw]) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        flaws.append(Flaw(field, str(error)))
        return None


def _item(
    record: ItemRecord, common: _Common, catalogue: Catalogue, flaws: list[Flaw]
) -> ItemObservation | None:
    try:
        kind = catalogue.kind(record.kind)
    except UnknownKind as error:
        flaws.append(Flaw("item.kind", error.message))
        return None
    if kind.kind.abstract:
        concrete = [k for k in catalogue.descendants(kind.name) if not catalogue.kinds[k].abstract]
        flaws.append(
            Flaw(
                "item.kind",
                f"{kind.name} is abstract; say which it is: {', '.join(concrete[:6])}",
            )
        )
        return None
    identifiers = tuple(_identifiers(record.identifiers, kind, catalogue, flaws))
    properties = dict(_properties(record.properties, kind, flaws))
    distinct = [
        _identifier("item.distinct_from", d, catalogue, flaws) for d in record.distinct_from
    ]
    return ItemObservation(
        kind=kind.name,
        identifiers=tuple(dict.fromkeys(identifiers)),
        source=common.source,
        time=common.time,
        properties=properties,
        scope=common.scope,
        distinct_from=tuple(d for d in distinct if d),
        past=common.past,
        complete=tuple(dict.fromkeys(_relations(record.complete, catalogue, flaws))),
    )


def _relations(given: list[str], catalogue: Catalogue, flaws: list[Flaw]) -> Iterator[str]:
    for name in given:
        try:
            yield catalogue.relation(name).name
        except UnknownRelation as error:
            flaws.append(Flaw("item.complete", error.message))


def _identifiers(
    given: list[str], kind: ResolvedKind, catalogue: Catalogue, flaws: list[Flaw]
) -> Iterator[str]:
    field = "item.identifiers"
    example = catalogue.namespaces[kind.identified_by[min(1, len(kind.identified_by) - 1)]].example
    if not given:
        flaws.append(Flaw(field, f"a {kind.name} needs at least one, such as {example}"))
    if len(given) > MAX_IDENTIFIERS:
        flaws.append(Flaw(field, f"has {len(given)}, more than {MAX_IDENTIFIERS}"))
        return
    reasons: list[str] = []
    for text in given:
        key = _identifier(field, text, catalogue, flaws)
        if key is None:
            reasons = []
            return
        if namespace_of(key) not in kind.identified_by:
            flaws.append(
                Flaw(
                    field,
                    f"{key} can't identify a {kind.name}; {', '.join(kind.identified_by)} can",
                )
            )
        elif reason := junk_reason(key):
            reasons.append(f"{key} is {reason}")
        yield key
    if given and len(reasons) == len(given):
        flaws.append(Flaw(field, f"identify nothing: {'; '.join(reasons[:3])}"))


def _identifier(field: str, text: str, catalogue: Catalogue, flaws: list[Flaw]) -> str | None:
    try:
        return normalise(text, catalogue)
    except InvalidInput as error:
        flaws.append(Flaw(field, error.message))
        return None


def _properties(
    given: Mapping[str, Any], kind: ResolvedKind, flaws: list[Flaw]
) -> Iterator[tuple[str, Value | None]]:
    for name, value in given.items():
        declared = kind.properties.get(name)
        if declared is None:
            hint = did_you_mean(nearest(name, kind.properties))
            flaws.append(
                Flaw(
                    f"item.properties.{name[:60]}",
                    f"a {kind.name} has no such property{hint}",
                )
            )
        elif value is None:
            yield name, None
        else:
            try:
                yield name, check_value(declared, value)
            except ValueError as error:
                flaws.append(Flaw(f"item.properties.{name}", str(error)))


def _link(
    record: LinkRecord, common: _Common, catalogue: Catalogue, flaws: list[Flaw]
) -> LinkObservation | None:
    try:
        relation = catalogue.relation(record.relation)
    except UnknownRelation as error:
        flaws.append(Flaw("link.relation", error.message))
        return None
    from_key = _identifier("link.from", record.from_key, catalogue, flaws)
    to_any = _candidates(record.to_any, catalogue, flaws)
    named = bool(record.to_key or not to_any)
    to_key = _identifier("link.to", record.to_key, catalogue, flaws) if named else None
    if from_key is not None and from_key == to_key:
        flaws.append(Flaw("link.to", f"a link can't lead from {from_key} to itself"))
    for field, key in (("link.from", from_key), ("link.to", to_key)):
        if key is not None and (reason := junk_reason(key)):
            flaws.append(Flaw(field, f"{key} identifies nothing: it is {reason}"))
    if record.strength not in ("hard", "soft"):
        flaws.append(Flaw("link.strength", f"must be hard or soft, not {record.strength[:40]!r}"))
    if not 0 < record.weight < 1e9:
        flaws.append(Flaw("link.weight", "must be above 0 and below 1e9"))
    if not 0 <= record.confidence <= 1:
        flaws.append(Flaw("link.confidence", "must lie between 0 and 1"))
    gate = _gate(record.gate, flaws)
    if gate is not None and not relation.gated:
        gated = [r.name for r in catalogue.relations.values() if r.gated]
        flaws.append(Flaw("link.gate", f"{relation.name} carries no gate; {', '.join(gated)} do"))
    return LinkObservation(
        relation=relation.name,
        from_key=from_key or "",
        to_key=to_key or "",
        source=common.source,
        time=common.time,
        strength="soft" if record.strength == "soft" else "hard",
        gate=gate,
        weight=record.weight,
        confidence=record.confidence,
        evidence=record.evidence,
        scope=common.scope,
        past=common.past,
        to_any=to_any,
    )


def _candidates(given: list[str], catalogue: Catalogue, flaws: list[Flaw]) -> tuple[str, ...]:
    """What an end may go by: names, and those identifiers that can be read."""
    if len(given) > MAX_IDENTIFIERS or any(len(text) > MAX_LENGTH for text in given):
        flaws.append(
            Flaw(
                "link.to_any",
                f"must have at most {MAX_IDENTIFIERS} texts of up to {MAX_LENGTH} characters",
            )
        )
        return ()
    found: list[str] = []
    for text in filter(None, map(str.strip, given)):
        if ":" not in text or namespace_of(text) not in catalogue.namespaces:
            found.append(text)
            continue
        try:
            found.append(normalise(text, catalogue))
        except InvalidInput:
            continue
    return tuple(dict.fromkeys(found))


def _gate(record: GateRecord | None, flaws: list[Flaw]) -> Gate | None:
    if record is None:
        return None
    try:
        return Gate(record.name, check_min_up(record.min_up))
    except ValueError as error:
        flaws.append(Flaw("link.gate.min_up", str(error)))
        return None


def check_min_up(value: object) -> int | float | str:
    """A weight above 0 as a number, or a percentage as ``"50%"``; raises ValueError."""
    if isinstance(value, str):
        if match := _PERCENTAGE.match(value.strip()):
            if 0 < float(match[1]) <= 100:
                return f"{match[1]}%"
            raise ValueError(f"{value} must be above 0 % and at most 100 %")
        text = value.strip()
        try:
            value = int(text) if text.isdigit() else float(text)
        except ValueError:
            raise ValueError(
                f"must be a number or a percentage such as 50%, not {text[:40]!r}"
            ) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise ValueError(f"must be above 0 and below 1e9, not {str(value)[:40]}")
    return value
