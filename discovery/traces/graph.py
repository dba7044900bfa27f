"""The services and calls that spans add up to, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from discovery.traces.figures import Figures
from discovery.traces.memory import Kept, KeptCalls
from discovery.traces.payload import Edge, SeenCalls, SeenService, TracesPayload
from discovery.traces.span import Place, Resource, ServiceName

MOST_PLACES = 64
"""Of one service; instances come and go, and the latest are kept."""
MOST_VERSIONS = 8
SECOND = 10**9
"""In nanoseconds."""


@dataclass(slots=True)
class _Service:
    last: int = 0
    versions: set[str] = field(default_factory=set)
    places: dict[Place, int] = field(default_factory=dict)
    homeless: bool = False
    told: SeenService | None = None


@dataclass(slots=True)
class _Calls:
    """``seen`` are spans; ``calls`` and ``failed`` what they stand for, in this window and the one
    before it."""

    seen: int = 0
    calls: float = 0
    failed: float = 0
    earlier_calls: float = 0
    earlier_failed: float = 0
    last: int = 0
    address: str | None = None
    dirty: bool = True
    told: Figures | None = None
    told_last: int = 0


class CallGraph:
    """Counts calls.

    It holds at most ``most_services`` services and ``most_calls`` dependencies; spans of more are
    dropped, and counted in ``dropped`` by what was too much.
    """

    def __init__(self, most_services: int, most_calls: int) -> None:
        self.most_services = most_services
        self.most_calls = most_calls
        self.dropped = Counter[str]()
        self.oldest = 0
        self.newest = 0
        self._services: dict[ServiceName, _Service] = {}
        self._calls: dict[Edge, _Calls] = {}

    def admits(self, resource: Resource) -> bool:
        """Whether there is room for the service, or it is known."""
        return resource.service in self._services or len(self._services) < self.most_services

    def knows(self, service: ServiceName) -> bool:
        """Whether it has made a span."""
        return service in self._services

    def see(self, resource: Resource, ended: int) -> None:
        """Count a service that made spans, the last of which ended then."""
        service = self._services.get(resource.service)
        if service is None:
            service = self._services[resource.service] = _Service()
        service.last = max(service.last, ended)
        service.homeless = resource.homeless
        if resource.version and len(service.versions) < MOST_VERSIONS:
            service.versions.add(resource.version)
        if resource.place is not None:
            # Taken out and put back, so that the one unseen for longest is first.
            service.places.pop(resource.place, None)
            service.places[resource.place] = ended
            if len(service.places) > MOST_PLACES:
                del service.places[next(iter(service.places))]

    def count(self, edge: Edge, share: float, failed: bool, ended: int, address: str = "") -> None:
        """Count one call that stands for ``share`` many."""
        calls = self._calls.get(edge)
        if calls is None:
            if len(self._calls) >= self.most_calls:
                self.dropped["calls"] += 1
                return
            calls = self._calls[edge] = _Calls()
        calls.seen += 1
        calls.calls += share
        calls.failed += share if failed else 0
        calls.last = max(calls.last, ended)
        calls.dirty = True
        if calls.address is None:
            calls.address = address
        elif calls.address != address:
            # A pool behind a name: none of its addresses is the thing itself.
            calls.address = ""
        self.oldest = min(self.oldest or ended, ended)
        self.newest = max(self.newest, ended)

    def roll(self) -> None:
        """Begin a new window for rates; the one before is still counted, those before it no more.
        Versions that were seen before are forgotten."""
        for calls in self._calls.values():
            calls.earlier_calls, calls.earlier_failed = calls.calls, calls.failed
            calls.calls = calls.failed = 0
        for service in self._services.values():
            service.versions.clear()

    def forget(self, before: int) -> None:
        """Forget what was last seen before that time, in nanoseconds since 1970."""
        self._calls = {e: c for e, c in self._calls.items() if c.last >= before}
        self._services = {n: s for n, s in self._services.items() if s.last >= before}

    def seconds(self) -> float:
        """How long it was from the first call to the last one; at least one second."""
        return max(1.0, (self.newest - self.oldest) / SECOND)

    def payload(self, scope: str, seconds: float, again_after: float = 0) -> TracesPayload:
        """What was seen since it was last :meth:`told`; rates are over ``seconds``.

        Calls of which nothing new is to be said are left out until they were seen ``again_after``
        seconds after what was told of them.
        """
        calls = []
        for edge, counted in self._calls.items():
            if not counted.dirty:
                continue
            figures = _figures(counted, seconds)
            news = figures != counted.told
            if news or counted.last - counted.told_last >= again_after * SECOND:
                calls.append(SeenCalls(edge, figures, counted.last, counted.address or ""))
        services = self._services_to_tell(again_after)
        homeless = sum(s.homeless for s in self._services.values())
        note = (
            f"Services that run in Kubernetes and do not say in which cluster: {homeless}. Set "
            "k8s.cluster.uid in their resource, or the setting cluster here."
        )
        return TracesPayload(
            scope, tuple(services), tuple(calls), self._errors(), (note,) if homeless else ()
        )

    def _services_to_tell(self, again_after: float) -> Iterable[SeenService]:
        for name, service in self._services.items():
            version = next(iter(service.versions)) if len(service.versions) == 1 else ""
            now = SeenService(name, service.last, version, tuple(sorted(service.places)))
            told = service.told
            if (
                told is None
                or now.places != told.places
                or now.version not in ("", told.version)
                or now.last - told.last >= max(again_after * SECOND, 1)
            ):
                yield now

    def _errors(self) -> tuple[str, ...]:
        said = {
            "services": f"name more services than the {self.most_services:,} that are kept",
            "calls": f"are of more dependencies than the {self.most_calls:,} that are kept",
        }
        return tuple(
            f"Spans that were left out: {count:,}. They {said[what]}."
            for what, count in sorted(self.dropped.items())
            if count
        )

    def told(self, payload: TracesPayload) -> None:
        """Remember that this was stored, so that it is not told again before there is news."""
        for calls in payload.calls:
            if (counted := self._calls.get(calls.edge)) is not None:
                counted.told, counted.told_last = calls.figures, calls.last
                counted.dirty = counted.last > calls.last
        for service in payload.services:
            if (known := self._services.get(service.name)) is not None:
                known.told = service
        self.dropped.clear()

    def kept(self) -> Kept:
        """What was told, to be restored after a restart."""
        return Kept(
            tuple(s.told for s in self._services.values() if s.told is not None),
            tuple(
                KeptCalls(edge, c.seen, c.last, c.address or "", c.told, c.told_last)
                for edge, c in self._calls.items()
                if c.told is not None
            ),
        )

    def restore(self, kept: Kept) -> None:
        """Go on from what was told before; of more than is kept, the first."""
        for service in kept.services[: self.most_services]:
            self._services[service.name] = _Service(
                service.last,
                {service.version} if service.version else set(),
                dict.fromkeys(service.places, service.last),
                told=service,
            )
        for calls in kept.calls[: self.most_calls]:
            self._calls[calls.edge] = _Calls(
                calls.seen,
                last=calls.last,
                address=calls.address,
                dirty=False,
                told=calls.told,
                told_last=calls.told_last,
            )


def _figures(counted: _Calls, seconds: float) -> Figures:
    figures = Figures.of(
        counted.seen,
        counted.calls + counted.earlier_calls,
        counted.failed + counted.earlier_failed,
        seconds,
    )
    return figures.settled(counted.told) if counted.told else figures
