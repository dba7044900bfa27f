"""What a plan says, whatever tool it is of."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Effect = Literal["delete", "replace", "update", "create", "forget", "unchanged"]
EFFECTS: tuple[Effect, ...] = ("delete", "replace", "update", "create", "forget", "unchanged")
"""The worst first. ``forget``: the tool no longer manages the thing, which stays as it is."""

TAKES_DOWN: frozenset[Effect] = frozenset({"delete", "replace"})

Tool = Literal["terraform", "kubernetes"]


class KubernetesObject(NamedTuple):
    """An object of a cluster; ``namespace`` is ``_`` where it has none."""

    namespace: str
    kind: str
    name: str


class PlannedResource(msgspec.Struct, frozen=True):
    """One resource of a plan.

    ``address`` is what the tool calls it. ``identifiers`` are those it may be known by, the
    strongest first, ``objects`` the same for objects of some cluster, and ``names`` what it is
    called: a weaker match. ``reason`` says why the effect is what it is, where that is not plain.
    """

    address: str
    type: str
    effect: Effect
    identifiers: tuple[str, ...] = ()
    objects: tuple[KubernetesObject, ...] = ()
    names: tuple[str, ...] = ()
    reason: str = ""


class Plan(msgspec.Struct, frozen=True):
    """A plan: the tool, its version if known, and what it does to each resource."""

    tool: Tool
    version: str
    resources: tuple[PlannedResource, ...]
