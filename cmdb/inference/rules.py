"""The rules: what follows from what sources report. Pure functions of the surroundings."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from cmdb.inference.surroundings import SOURCE, Surroundings
from cmdb.items import Gate, Item, ItemObservation, Link, LinkObservation

Rule = Literal["replicas", "standby", "application"]

CONFIDENCE = 0.6
"""Of what was inferred and nobody has confirmed."""
_DIRECT = ("DEPENDS_ON", "CONNECTS_TO", "ROUTES_TO")
_CONNECTED = ("DEPENDS_ON", "CONNECTS_TO", "EXCHANGES_DATA_WITH")
_APPLICATION_LABELS = (
    "app.kubernetes.io/part-of",
    "com.docker.compose.project",
    "service.namespace",
    "application",
    "service",
    "app",
)
"""Labels that name what something is a part of, the most telling first."""
_MEMBERS = ("SoftwareInstance", "Container", "KubernetesWorkload", "VirtualMachine", "LoadBalancer")


class Inference(msgspec.Struct, frozen=True):
    """What follows: ``key`` names it for good, ``reason`` says of what, in a sentence.

    ``items`` are the ids of those it is about. ``observed`` and ``linked`` are what it adds.
    """

    key: str
    rule: Rule
    reason: str
    items: tuple[str, ...]
    observed: tuple[ItemObservation, ...]
    linked: tuple[LinkObservation, ...]


def infer(around: Surroundings, time: datetime) -> list[Inference]:
    """All that follows, sorted by key. O(items + links)."""
    found = [one for rule in _RULES for one in rule(around, time)]
    return sorted(found, key=lambda one: one.key)


def _key(rule: Rule, *parts: str) -> str:
    return f"{rule}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:10]}"


def _replicas(around: Surroundings, time: datetime) -> Iterator[Inference]:
    """Replicas of one image behind one balancer are a redundancy group, where no source says of
    what the balancer needs how much."""
    for item in sorted(around.items.values(), key=lambda one: one.id):
        if not around.is_a(item, "LoadBalancer"):
            continue
        by_image: dict[str, list[tuple[Link, Item]]] = defaultdict(list)
        for link in around.outgoing[item.id]:
            behind = around.items[link.to_id]
            image = around.text(behind, "image")
            if image and link.relation in _DIRECT and link.gate is None:
                by_image[image].append((link, behind))
        for image, group in sorted(by_image.items()):
            if len(group) > 1:
                yield _group(item, image, group, time)


def _group(balancer: Item, image: str, group: list[tuple[Link, Item]], time: datetime) -> Inference:
    members = [behind for _, behind in group]
    names = ", ".join(sorted(one.name for one in members))
    reason = f"{names} run the image {image} behind {balancer.name}: one of them is enough."
    return Inference(
        _key("replicas", balancer.identifiers[0], image),
        "replicas",
        reason,
        (balancer.id, *(one.id for one in members)),
        (),
        tuple(
            _link(
                link.relation, balancer, behind, time, reason,
                gate=Gate(f"replicas of {image}"), strength=link.strength,
            )
            for link, behind in group
        ),
    )  # fmt: skip


def _standby(around: Surroundings, time: datetime) -> Iterator[Inference]:
    """A database that is connected to another of its product, as a replica is to its primary, is a
    standby of it; one that only has a telling name is none."""
    for item in sorted(around.items.values(), key=lambda one: one.id):
        if not around.is_a(item, "DatabaseInstance"):
            continue
        for link in around.outgoing[item.id]:
            primary = around.items[link.to_id]
            product = around.text(item, "product").casefold()
            if (
                link.relation not in _CONNECTED
                or not around.is_a(primary, "DatabaseInstance")
                or not product
                or product != around.text(primary, "product").casefold()
                or _fails_over(around, primary, item)
            ):
                continue
            reason = (
                f"{item.name} is connected to {primary.name}, and both are "
                f"{around.text(primary, 'product')}: it replicates from it."
            )
            yield Inference(
                _key("standby", primary.identifiers[0], item.identifiers[0]),
                "standby",
                reason,
                (primary.id, item.id),
                (),
                (_link("FAILS_OVER_TO", primary, item, time, reason),),
            )


def _fails_over(around: Surroundings, primary: Item, standby: Item) -> bool:
    """Whether a source says of either that it fails over to the other."""
    return any(
        link.relation == "FAILS_OVER_TO" and link.to_id in (primary.id, standby.id)
        for end in (primary, standby)
        for link in around.outgoing[end.id]
    )


def _application(around: Surroundings, time: datetime) -> Iterator[Inference]:
    """What one label says belongs together is an application service."""
    groups: dict[tuple[str, str], list[tuple[str, Item]]] = defaultdict(list)
    for item in sorted(around.items.values(), key=lambda one: one.id):
        if not any(around.is_a(item, kind) for kind in _MEMBERS):
            continue
        labels = around.labels(item)
        label = next((name for name in _APPLICATION_LABELS if name in labels), None)
        if label is not None:
            environment = around.text(item, "environment") or labels.get("environment", "")
            groups[labels[label], environment].append((label, item))
    known = _services(around)
    for (name, environment), members in sorted(groups.items()):
        called = f"{name}@{environment}" if environment else name
        if len(members) > 1:
            yield _service(around, called, members, known.get(called.casefold()), time)


def _services(around: Surroundings) -> dict[str, Item | None]:
    """The application services that sources report, by name; None for names that several bear."""
    found: dict[str, Item | None] = {}
    for item in around.items.values():
        if around.is_a(item, "ServiceInstance"):
            name = item.name.casefold()
            found[name] = None if name in found else item
    return found


def _service(
    around: Surroundings,
    called: str,
    members: list[tuple[str, Item]],
    known: Item | None,
    time: datetime,
) -> Inference:
    labels = ", ".join(sorted({label for label, _ in members}))
    reason = f"The label {labels} says that {len(members)} items belong to {called}."
    own = f"key:{SOURCE}/application/{called}"
    observed = ItemObservation("ServiceInstance", (own,), SOURCE, time, {"name": called})
    start = known.identifiers[0] if known is not None else own
    told = {link.to_id for link in around.outgoing[known.id]} if known is not None else set()
    linked = tuple(
        _member(around, start, item, members, time, reason)
        for _, item in members
        if item.id not in told
    )
    ids = tuple(item.id for _, item in members)
    return Inference(
        _key("application", called),
        "application",
        reason,
        ids if known is None else (known.id, *ids),
        (observed,) if known is None else (),
        linked,
    )


def _member(
    around: Surroundings,
    start: str,
    item: Item,
    members: list[tuple[str, Item]],
    time: datetime,
    reason: str,
) -> LinkObservation:
    """What the service needs of a member: one of those of one image, and of any other that it is
    a part, so that without it the service has not all that it had."""
    image = around.text(item, "image")
    alike = [one for _, one in members if image and around.text(one, "image") == image]
    gate = Gate(f"replicas of {image}") if len(alike) > 1 else None
    return LinkObservation(
        "DEPENDS_ON", start, item.identifiers[0], SOURCE, time,
        strength="hard" if gate else "soft", gate=gate, confidence=CONFIDENCE, evidence=reason,
    )  # fmt: skip


def _link(
    relation: str,
    start: Item,
    end: Item,
    time: datetime,
    reason: str,
    *,
    gate: Gate | None = None,
    strength: Literal["hard", "soft"] = "hard",
) -> LinkObservation:
    return LinkObservation(
        relation, start.identifiers[0], end.identifiers[0], SOURCE, time,
        strength=strength, gate=gate, confidence=CONFIDENCE, evidence=reason,
    )  # fmt: skip


_RULES: tuple[Callable[[Surroundings, datetime], Iterator[Inference]], ...] = (
    _replicas,
    _standby,
    _application,
)
