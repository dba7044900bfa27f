"""A link: what all sources said about one relationship, and what follows from it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from cmdb.items.observation import Gate


class Strength(StrEnum):
    """Whether the dependent falls with the provider or merely suffers."""

    HARD = "hard"
    SOFT = "soft"


class LinkReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one source says about one relationship, its ends as the source names them.

    ``since`` is when the source began to say exactly this (strength, gate, weight, confidence).
    """

    source: str
    from_key: str
    to_key: str
    first_seen: datetime
    last_seen: datetime
    since: datetime
    strength: Literal["hard", "soft"] = "hard"
    gate: Gate | None = None
    weight: float = 1.0
    confidence: float = 1.0
    evidence: str | None = None
    scope: str = ""
    missing_since: datetime | None = None
    retired: bool = False


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """One relationship between two items: (relation, from, to) is its identity, ``id`` spells it.

    The fields after ``status`` are those of the winning report.
    """

    id: str
    relation: str
    from_id: str
    to_id: str
    status: Literal["active", "missing", "retired"] = "active"
    strength: Literal["hard", "soft"] = "hard"
    gate: Gate | None = None
    weight: float = 1.0
    confidence: float = 1.0
    evidence: str | None = None
    reports: tuple[LinkReport, ...] = ()
    created_revision: int = 0
    revision: int = 0

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that report it, sorted, each once."""
        return tuple(sorted({report.source for report in self.reports}))

    @property
    def first_seen(self) -> datetime | None:
        """When any source first saw it."""
        return min((r.first_seen for r in self.reports), default=None)

    @property
    def last_seen(self) -> datetime | None:
        """When any source last saw it."""
        return max((r.last_seen for r in self.reports), default=None)


class WaitingLink(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reported relationship of which at least one end is not known yet.

    ``id`` is made of source, relation and both keys. ``reason`` says what it waits for.
    """

    id: str
    relation: str
    report: LinkReport
    reason: str = ""
    created_revision: int = 0
    revision: int = 0


def link_id(relation: str, from_id: str, to_id: str) -> str:
    """The id of the link with that identity. Symmetric relations sort their ends before."""
    return f"{relation}:{from_id}:{to_id}"


def waiting_id(source: str, relation: str, from_key: str, to_key: str) -> str:
    """The id of a waiting link: the same four always give the same one."""
    text = "\x1f".join((source, relation, from_key, to_key))
    return "waiting:" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
