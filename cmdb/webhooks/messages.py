"""What endpoints are told of a revision: pure. The same revision makes the same messages, with the
same ids, whenever it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.catalogue.model import Category
from cmdb.items import Item, Value
from cmdb.items.value import format_time
from cmdb.revisions import Edit, Revision
from cmdb.revisions.views import changed_fields
from cmdb.webhooks.endpoints import Endpoint


class Message(msgspec.Struct, frozen=True):
    """One message for one endpoint; ``id`` stays the same however often it is sent."""

    id: str
    endpoint: str
    body: bytes


def message(
    endpoint: Endpoint, event: str, key: str, time: str, data: Mapping[str, Any]
) -> Message:
    """A message as Standard Webhooks has them: ``type``, ``timestamp`` and ``data``.

    ``key`` is what makes it the one that it is.
    """
    digest = hashlib.sha256(f"{endpoint.name}\n{event}\n{key}".encode()).hexdigest()[:32]
    body = {"type": event, "timestamp": time, "data": dict(data)}
    return Message(f"msg_{digest}", endpoint.name, msgspec.json.encode(body))


def messages(
    endpoints: Iterable[Endpoint], catalogue: Catalogue, revision: Revision, edits: Iterable[Edit]
) -> Iterator[Message]:
    """What the endpoints are told of a revision, but for states of services."""
    wanted = list(endpoints)
    time = format_time(revision.time)
    for endpoint in wanted:
        if "revision" in endpoint.events:
            said = msgspec.to_builtins(revision)
            yield message(endpoint, "revision", str(revision.number), time, said)
    for edit in edits:
        after = edit.after
        if edit.entity != "item" or not isinstance(after, Item):
            continue
        before = edit.before if isinstance(edit.before, Item) else None
        kind = catalogue.kind(after.kind)
        is_record = kind.kind.category is Category.RECORD
        for endpoint in wanted:
            if endpoint.kinds and set(kind.lineage).isdisjoint(endpoint.kinds):
                continue
            data = {
                "id": after.id, "kind": after.kind, "name": after.name,
                "revision": revision.number, "actor": revision.actor, "reason": revision.reason,
            }  # fmt: skip
            key = f"{revision.number}/{after.id}"
            if is_record and "record" in endpoint.events and _moved(endpoint, before, after):
                state = after.properties.get("state")
                was = before.properties.get("state") if before is not None else None
                said = {
                    **data, "state": state, "before": was,
                    "priority": after.properties.get("priority"),
                    "short_description": after.properties.get("short_description"),
                }  # fmt: skip
                yield message(endpoint, "record", key, time, said)
            if not is_record and "item" in endpoint.events:
                changed = _changed(endpoint, before, after)
                if changed:
                    said = {**data, "action": str(edit.action), "changes": changed}
                    yield message(endpoint, "item", key, time, said)


def _moved(endpoint: Endpoint, before: Item | None, after: Item) -> bool:
    state = after.properties.get("state")
    if state is None or (before is not None and before.properties.get("state") == state):
        return False
    if endpoint.states and state not in endpoint.states:
        return False
    return not endpoint.priorities or after.properties.get("priority") in endpoint.priorities


def _changed(endpoint: Endpoint, before: Item | None, after: Item) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for field, (was, now) in changed_fields(before, after).items():
        name = field.removeprefix("properties.")
        if not endpoint.properties or name in endpoint.properties:
            rows.append({"field": name, "before": was, "after": now})
    return rows


def state_messages(
    endpoints: Iterable[Endpoint],
    revision: Revision,
    changes: Iterable[tuple[Item, str, str]],
) -> Iterator[Message]:
    """What endpoints are told of services whose state went (service, before, after)."""
    rows = list(changes)
    for endpoint in endpoints:
        if "service_state" not in endpoint.events:
            continue
        for service, before, after in rows:
            if endpoint.kinds and service.kind not in endpoint.kinds:
                continue
            if endpoint.states and after not in endpoint.states:
                continue
            criticality: Value | None = service.properties.get("criticality")
            data = {
                "id": service.id, "kind": service.kind, "name": service.name, "before": before,
                "state": after, "criticality": criticality, "revision": revision.number,
            }  # fmt: skip
            key = f"{revision.number}/{service.id}"
            yield message(endpoint, "service_state", key, format_time(revision.time), data)
