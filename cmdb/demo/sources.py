"""The sources that report the demo estate, each with its own clock and its own ids."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from cmdb.items import Gate, ItemObservation, LinkObservation, Value


class Source:
    """One source as of one run: makes observations that bear its name and the run's time."""

    __slots__ = ("_key", "name", "time")

    def __init__(self, name: str, time: datetime) -> None:
        self.name = name
        self.time = time
        self._key = f"key:{name}/"

    def item(
        self,
        kind: str,
        own_id: str,
        identifiers: tuple[str, ...],
        properties: dict[str, Value | None],
    ) -> ItemObservation:
        """An item under the source's own id and the given identifiers."""
        return ItemObservation(
            kind, (self._key + own_id, *identifiers), self.name, self.time, properties
        )

    def link(
        self,
        relation: str,
        from_key: str,
        to_key: str,
        *,
        soft: bool = False,
        gate: Gate | None = None,
        confidence: float = 1.0,
        evidence: str | None = None,
    ) -> LinkObservation:
        """A relationship between two identifiers."""
        strength: Literal["hard", "soft"] = "soft" if soft else "hard"
        return LinkObservation(
            relation,
            from_key,
            to_key,
            self.name,
            self.time,
            strength,
            gate,
            1.0,
            confidence,
            evidence,
        )


STALE = timedelta(days=90)
"""How long ago the forgotten things were last seen."""


class Sources:
    """All sources of the estate, relative to ``now``.

    An inventory is synchronised every few hours, a catalogue when somebody edits it, Kubernetes
    and monitoring all the time. ``*_long_ago`` are the same sources in a run of 90 days ago.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.netbox = Source("netbox", now - timedelta(hours=5, minutes=12))
        self.vcenter = Source("vcenter", now - timedelta(minutes=14))
        self.kubernetes = Source("kubernetes", now - timedelta(minutes=1))
        self.monitoring = Source("monitoring", now - timedelta(minutes=3))
        self.catalogue = Source("service-catalogue", now - timedelta(days=2, hours=7))
        self.monitoring_long_ago = Source("monitoring", now - STALE)
        self.vcenter_long_ago = Source("vcenter", now - STALE - timedelta(hours=3))
