"""The service desk's tool: it numbers records, dates them, and links them to their items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from cmdb.demo.company import DOMAIN
from cmdb.demo.sources import Source
from cmdb.items import ItemObservation, LinkObservation, Value
from cmdb.items.value import format_time
from cmdb.records.numbers import DIGITS, PREFIXES

SOURCE = "servicedesk"
DAYS = 90
"""How far back the records go."""


def service(name: str, environment: str = "production") -> str:
    """The identifier of a service instance of the demo estate."""
    return f"name:ServiceInstance/{name}@{environment}"


def host(name: str) -> str:
    """The identifier of a machine or device."""
    return f"fqdn:{name}.{DOMAIN}"


def database(name: str) -> str:
    """The identifier of a database instance."""
    return f"key:monitoring/software/{name}"


def mail(person: str) -> str:
    """A person's mail address."""
    return f"{login(person)}@example.org"


def login(person: str) -> str:
    """The name that a person signs in with."""
    return person.lower().replace(" ", ".")


class Desk:
    """The records as they pile up: ``items`` and ``links`` are what the tool reports."""

    def __init__(self, now: datetime, rng: Random) -> None:
        self.now = now
        self.rng = rng
        self.source = Source(SOURCE, now)
        self.items: list[ItemObservation] = []
        self.links: list[LinkObservation] = []
        self._numbers: Counter[str] = Counter()

    def ago(self, days: float, hours: float = 0.0) -> datetime:
        """So long ago."""
        return self.now - timedelta(days=days, hours=hours)

    def tonight(self, hours: float) -> datetime:
        """So many hours after ten in the evening (UTC) of today, or of tomorrow where that is
        less than an hour away."""
        ten = self.now.replace(hour=22, minute=0, second=0)
        if ten - self.now < timedelta(hours=1):
            ten += timedelta(days=1)
        return ten + timedelta(hours=hours)

    def record(self, kind: str, properties: dict[str, Value | datetime | None]) -> str:
        """Keep a record, with the next number of its kind; returns its identifier."""
        self._numbers[kind] += 1
        number = f"{PREFIXES[kind]}{self._numbers[kind]:0{DIGITS}}"
        values: dict[str, Value | None] = {"name": number}
        if kind not in ("Alert", "MaintenanceWindow"):
            values["number"] = number
        for name, value in properties.items():
            values[name] = format_time(value) if isinstance(value, datetime) else value
        identifiers = (f"name:{kind}/{number}",)
        self.items.append(self.source.item(kind, number, identifiers, values))
        return identifiers[0]

    def link(self, relation: str, start: str, ends: str | Sequence[str]) -> None:
        """Link a record to what it is about."""
        for end in (ends,) if isinstance(ends, str) else ends:
            self.links.append(self.source.link(relation, start, end))
