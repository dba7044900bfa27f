"""The service graph that Jaeger has worked out: who called whom, and how often."""

from __future__ import annotations

import time as clock
from urllib.parse import urlsplit

import msgspec

from cmdb.errors import InvalidSettings, RemoteUnavailable
from discovery.address import checked_address
from discovery.remote import Remote, bearer
from discovery.traces import TracesSettings
from discovery.traces.conventions import name_of
from discovery.traces.figures import Figures
from discovery.traces.payload import Edge, SeenCalls, SeenService, TracesPayload
from discovery.traces.resources import UNNAMED
from discovery.traces.span import ServiceName

HOUR = 3600


class _Call(msgspec.Struct, rename="camel"):
    parent: str
    child: str
    call_count: int = 0


class _Answer(msgspec.Struct):
    data: list[_Call] | None = None


async def dependencies(address: str, settings: TracesSettings) -> TracesPayload:
    """What a Jaeger says of the last hours.

    Raises a :class:`~cmdb.errors.CmdbError` where it can't be asked or gives another answer.
    """
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        raise InvalidSettings("it has a user or password in it; there is the setting token.")
    if settings.token:
        checked_address(address, "https://jaeger.example.org", "target")
    headers = bearer(settings.token) if settings.token else {}
    seconds = settings.hours * HOUR
    query = {"endTs": int(clock.time() * 1000), "lookback": seconds * 1000}
    async with Remote(address, headers, timeout=settings.timeout) as remote:
        answer = await remote.read("api/dependencies", query)
        try:
            found = msgspec.convert(answer, _Answer)
        except msgspec.ValidationError:
            raise RemoteUnavailable(
                f"{remote.host} answered with something that is no service graph: is it Jaeger?"
            ) from None
    return _payload(f"jaeger/{parts.netloc}{parts.path.rstrip('/')}", found, settings, seconds)


def _payload(scope: str, found: _Answer, settings: TracesSettings, seconds: int) -> TracesPayload:
    calls: dict[Edge, int] = {}
    services: dict[ServiceName, None] = {}
    unnamed, cut = 0, False
    for call in found.data or ():
        parent, child = name_of(call.parent), name_of(call.child)
        if not parent or not child or parent.startswith(UNNAMED) or child.startswith(UNNAMED):
            unnamed += 1
            continue
        if len(services) >= settings.most_services or len(calls) >= settings.most_calls:
            cut = True
            break
        ends = [ServiceName(name, "", settings.environment) for name in (parent, child)]
        services.update(dict.fromkeys(ends))
        if parent != child and call.call_count > 0:
            edge = Edge("calls", ends[0], ends[1])
            calls[edge] = calls.get(edge, 0) + call.call_count
    errors = ("It names more services or dependencies than are kept.",) if cut else ()
    notes = (f"Calls whose ends have no name of their own, left out: {unnamed:,}.",)
    return TracesPayload(
        scope,
        tuple(SeenService(name, 0) for name in services),
        tuple(
            # What failed, the graph does not say: nothing is told of it.
            SeenCalls(edge, Figures.of(count, count, None, seconds), 0)
            for edge, count in calls.items()
        ),
        errors,
        notes if unnamed else (),
    )
