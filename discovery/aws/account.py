"""Making the calls of the table in one account: each part on its own, each denied on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from cmdb.errors import RemoteUnavailable
from discovery.aws.payload import Place
from discovery.aws.records import (
    Record,
    arguments_of,
    gathered,
    records_of,
    resources_of,
    tagged,
    tags_of,
)
from discovery.aws.table import Call, calls
from discovery.terraform.state import Resource, Scalar

Ask = Callable[[Place, Call, Mapping[str, Any]], Iterable[Record]]
"""Makes a call in a region and gives its answers, page by page. It raises :class:`Gone` where what
is asked for is not there any more, and RemoteUnavailable where the call is refused or fails."""


class Gone(Exception):
    """What a call was made for has been deleted meanwhile."""


class Reading:
    """The calls of one account. ``failures`` are sentences about those that were refused."""

    def __init__(self, ask: Ask, owner_tags: Sequence[str], at_once: int) -> None:
        self._ask = ask
        self._owner_tags = owner_tags
        self._at_once = at_once
        self.failures: list[str] = []

    def resources(self, places: Sequence[Place]) -> tuple[Resource, ...]:
        """Everything in the regions; the first of them answers for what all have in common."""
        roots = [
            (place, call)
            for call in calls()
            if not call.each
            for place in (places[:1] if call.once else places)
        ]
        with ThreadPoolExecutor(self._at_once) as pool:
            found = list(pool.map(lambda root: list(self._run(*root)), roots))
        resources = [r for part in found for r in part if isinstance(r, Resource)]
        tags = {t[0]: t[1] for part in found for t in part if isinstance(t, tuple)}
        return tuple(_with_tags(resource, tags) for resource in resources)

    def _run(
        self, place: Place, call: Call, parents: Sequence[Record] = ()
    ) -> Iterator[Resource | tuple[str, dict[str, tuple[Scalar, ...]]]]:
        """A call and those that follow it: resources, and tags by ARN."""
        records = self._records(place, call, parents)
        for record in records:
            if call.tags_of:
                kept = tagged(tags_of(call, record), self._owner_tags)
                yield str(record.get(call.tags_of)), kept
            yield from resources_of(call, record, place, self._owner_tags)
        for following in calls():
            if following.each == call.name and records:
                yield from self._run(place, following, records)

    def _records(self, place: Place, call: Call, parents: Sequence[Record]) -> list[Record]:
        asked: Iterable[tuple[dict[str, Any], Record | None]]
        if not call.each:
            asked = [(dict(call.literal), None)]
        elif call.gather:
            asked = gathered(call, parents)
        else:
            asked = ((arguments_of(call, parent), parent) for parent in parents)
        found: list[Record] = []
        for arguments, parent in asked:
            try:
                for answer in self._ask(place, call, arguments):
                    found += records_of(call, answer, parent)
            except Gone:
                continue
            except RemoteUnavailable as error:
                where = "" if call.once else f" in {place.region}"
                self.failures.append(f"{place.account}, {call.name}{where}: {error.message}")
                break
        return found


def _with_tags(resource: Resource, tags: Mapping[str, dict[str, tuple[Scalar, ...]]]) -> Resource:
    more = tags.get(resource.first("arn"))
    if not more:
        return resource
    return msgspec.structs.replace(resource, values={**more, **resource.values})
