"""A short way to write down an estate in a test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from cmdb.catalogue import builtin
from cmdb.items import Gate, Item, ItemReport, ItemStatus, Link, LinkReport, link_id
from cmdb.items.value import Value
from impact.analysis import Analysis, analyse
from impact.answer import BlastRadius
from impact.blast_radius import blast_radius
from impact.estate import Estate
from impact.health import FindingCode
from impact.states import State

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Drawing:
    """Items go by their names; one that no one declared is a Server."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.links: dict[str, Link] = {}

    def add(
        self,
        kind: str,
        *names: str,
        status: ItemStatus = ItemStatus.ACTIVE,
        seen: datetime = NOW,
        **properties: Value,
    ) -> Drawing:
        for name in names:
            report = ItemReport("scan", kind, (f"name:{kind}/{name}",), seen, seen)
            self.items[name] = Item(
                name, kind, name, status, properties=properties, reports=(report,)
            )
        return self

    def link(
        self,
        one: str,
        relation: str,
        *others: str,
        gate: str | None = None,
        min_up: float | str = 1,
        soft: bool = False,
        weight: float = 1.0,
        status: Literal["active", "missing", "retired"] = "active",
        confidence: float = 1.0,
        seen: datetime = NOW,
    ) -> Drawing:
        """The same link from one item to each of the others."""
        for other in others:
            for name in (one, other):
                if name not in self.items:
                    self.add("Server", name)
            key = link_id(relation, one, other)
            report = LinkReport("scan", one, other, seen, seen, seen)
            self.links[key] = Link(
                key,
                relation,
                one,
                other,
                status,
                "soft" if soft else "hard",
                Gate(gate, min_up) if gate is not None else None,
                weight,
                confidence,
                reports=(report,),
            )
        return self

    def estate(self, *, include_planned: bool = False, revision: int = 7) -> Estate:
        return Estate.build(
            self.items.values(),
            self.links.values(),
            builtin(),
            revision=revision,
            now=NOW,
            include_planned=include_planned,
        )

    def fail(self, *names: str, state: State = State.DOWN) -> Analysis:
        return analyse(self.estate(), names, state)

    def states(self, *names: str, state: State = State.DOWN) -> dict[str, str]:
        """What is not UP once these fail, the failed left out."""
        analysis = self.fail(*names, state=state)
        items = analysis.estate.items
        return {
            items[at].id: found.label
            for at, found in analysis.states.items()
            if items[at].id not in names
        }

    def answer(self, *names: str, limit: int | None = None) -> BlastRadius:
        return blast_radius(self.estate(), names, limit=limit)

    def findings(self) -> list[tuple[FindingCode, str]]:
        return [(finding.code, finding.item) for finding in self.estate().findings]
