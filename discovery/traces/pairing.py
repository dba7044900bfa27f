"""Spans to calls: a span and its parent in another service are a call.

The halves of a call come in any order, from several senders. Each waits for the other, for one
turn at least and two at most; how many may wait is bounded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from discovery.traces.graph import CallGraph
from discovery.traces.otlp import Group
from discovery.traces.payload import Edge
from discovery.traces.span import Kind, Resource, ServiceName, Span, Target

MOST_PLACES_KNOWN = 10_000
"""Addresses of which it is remembered which service answers there."""


@dataclass(slots=True)
class _Half:
    """A span that waits: what of it may be needed when its other half comes."""

    service: ServiceName
    kind: int
    role: str
    failed: bool
    ended: int
    share: float
    target: Target | None
    met: bool = False


class _Wait(NamedTuple):
    """A span that waits for its parent, or for one that it is linked to."""

    half: _Half
    linked: bool


@dataclass(slots=True)
class _Turn:
    """What came within one turn."""

    halves: dict[bytes, _Half] = field(default_factory=dict)
    waits: dict[bytes, list[_Wait]] = field(default_factory=dict)
    count: int = 0


class Taken(NamedTuple):
    """What became of spans that came: how many were ``taken``, and how many were not, by why."""

    taken: int
    rejected: dict[str, int]


class Pairing:
    """Finds calls among spans and counts them in ``graph``; ``most_spans`` may wait.

    ``counts`` says what else became of spans: ``early`` were settled before their time since too
    many waited, ``duplicate`` came twice, ``unnamed`` called something that they do not name, and
    ``lost`` called a traced service whose half never came, where it is not clear which.
    """

    def __init__(self, graph: CallGraph, most_spans: int) -> None:
        self._graph = graph
        self._most = max(1, most_spans // 2)
        self.counts = Counter[str]()
        self._young = _Turn()
        self._old = _Turn()
        self._answers: dict[Target, ServiceName | None] = {}

    @property
    def waiting(self) -> int:
        """How many spans wait."""
        return self._young.count + self._old.count

    def take(self, group: Group, now: int) -> Taken:
        """Take the spans of one resource; ``now``, in nanoseconds since 1970, is the latest that
        they can have ended, and when they did where they say nothing of it."""
        resource, spans = group.resource, group.spans
        if resource is None:
            unnamed = {"name no service (service.name)": group.rejected}
            return Taken(0, unnamed if group.rejected else {})
        rejected = {"bear no valid id": group.rejected} if group.rejected else {}
        if not self._graph.admits(resource):
            self._graph.dropped["services"] += len(spans)
            return Taken(0, {**rejected, "are of more services than are kept": len(spans)})
        latest = 0
        for span in spans:
            ended = min(span.ended, now) or now
            latest = max(latest, ended)
            self._add(span, ended, resource)
        if spans:
            self._graph.see(resource, latest)
        return Taken(len(spans), rejected)

    def _add(self, span: Span, ended: int, resource: Resource) -> None:
        young, old = self._young, self._old
        if span.own in young.halves or span.own in old.halves:
            self.counts["duplicate"] += 1
            return
        half = _Half(
            resource.service, span.kind, span.role, span.failed, ended, span.share, span.target
        )
        self._at_once(half, span.address)
        self._look_for(span.parent, half, linked=False)
        for link in span.links if span.role == "takes" else ():
            self._look_for(link, half, linked=True)
        for turn in (young, old):
            for wait in turn.waits.pop(span.own, ()):
                self._meet(half, wait.half, linked=wait.linked)
                turn.count -= 1
        young.halves[span.own] = half
        young.count += 1
        if young.count >= self._most:
            self.counts["early"] += old.count
            self.turn()

    def _at_once(self, half: _Half, address: str) -> None:
        """Count what needs no other half: databases and queues make no spans."""
        target = half.target
        if target is None or target.sort == "peer":
            return
        how = "calls"
        if target.sort == "queue":
            if not half.role:
                return
            how = half.role
        edge = Edge(how, half.service, target=target)  # type: ignore[arg-type]  # a role is one
        self._graph.count(edge, half.share, half.failed, half.ended, address)
        half.met = True

    def _look_for(self, other: bytes, half: _Half, *, linked: bool) -> None:
        if not other:
            return
        found = self._young.halves.get(other) or self._old.halves.get(other)
        if found is not None:
            self._meet(found, half, linked=linked)
            return
        self._young.waits.setdefault(other, []).append(_Wait(half, linked))
        self._young.count += 1

    def _meet(self, parent: _Half, child: _Half, *, linked: bool) -> None:
        """Two halves have met."""
        if child.role == "takes":
            if parent.role == "sends" and parent.service != child.service:
                self._got(parent, child)
            return
        if linked:
            return
        parent.met = True
        if parent.service == child.service:
            return
        self._graph.count(
            Edge("calls", parent.service, child.service),
            max(parent.share, child.share),
            parent.failed or child.failed,
            max(parent.ended, child.ended),
        )
        if parent.target is not None and child.kind == Kind.SERVER:
            self._learn(parent.target, child.service)

    def _got(self, parent: _Half, child: _Half) -> None:
        queues = (half.target for half in (child, parent) if half.target)
        via = next((target.name for target in queues if target.sort == "queue"), "")
        self._graph.count(
            Edge("gets", child.service, parent.service, via=via),
            child.share,
            child.failed,
            child.ended,
        )

    def _learn(self, target: Target, service: ServiceName) -> None:
        """Remember who answers there; nobody for sure where several do."""
        if self._answers.setdefault(target, service) != service:
            self._answers[target] = None
        if len(self._answers) > MOST_PLACES_KNOWN:
            del self._answers[next(iter(self._answers))]

    def turn(self) -> None:
        """Settle what has waited for a whole turn."""
        for half in self._old.halves.values():
            if half.kind == Kind.CLIENT and not half.met and not half.role:
                self._settle(half)
        self._old, self._young = self._young, _Turn()

    def settle(self) -> None:
        """Settle everything: nothing more is to come."""
        self.turn()
        self.turn()

    def _settle(self, half: _Half) -> None:
        """A call whose other half did not come: to somebody who is not traced, or a lost one."""
        target = half.target
        if target is None:
            self.counts["unnamed"] += 1
            return
        service = self._answers.get(target, target)
        if service is None:
            self.counts["lost"] += 1
            return
        named = ServiceName(target.name, half.service.namespace, half.service.environment)
        if not isinstance(service, ServiceName) and target.name and self._graph.knows(named):
            service = named
        if isinstance(service, ServiceName):
            if service == half.service:
                return
            edge = Edge("calls", half.service, service)
        else:
            edge = Edge("calls", half.service, target=target)
        self._graph.count(edge, half.share, half.failed, half.ended)
