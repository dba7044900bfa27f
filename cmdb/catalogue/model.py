"""What a declaration is made of: properties, kinds, relations and identifier namespaces.

All are frozen values. Nothing here knows a particular kind; those are declared beside this module
and in users' catalogue files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Category(StrEnum):
    """Whether a kind is a configuration item or a record about them."""

    CI = "ci"
    RECORD = "record"


class PropertyType(StrEnum):
    """The types a property may have. ``DATETIME`` values are ISO 8601 strings in UTC."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    STRINGS = "strings"


class ImpactDirection(StrEnum):
    """Which way a failure runs along a link."""

    TO_FROM = "to_from"
    """From the provider (``to``) to its dependent (``from``)."""
    FROM_TO = "from_to"
    """With the arrow: from the part or whole that the link starts at."""
    NONE = "none"
    """Information only."""
    TOPOLOGY = "topology"
    """A cable: judged by reachability over the whole network, never edge by edge."""
    STANDBY = "standby"
    """No impact of its own: adds the standby to the gates of those who depend on the primary."""


class Effect(StrEnum):
    """What the loss of the one end does to the other."""

    DOWN = "down"
    DEGRADED = "degraded"
    BY_STRENGTH = "by_strength"
    """DOWN where the link is hard, DEGRADED where it is soft."""
    NONE = "none"


class Contested(StrEnum):
    """What becomes of an identifier that two different things claim."""

    MOVES = "moves"
    """It belongs to whoever claimed it last: an address or a name is reassigned."""
    SHARED = "shared"
    """It identifies nobody any more: a cloned machine-id."""


@dataclass(frozen=True, slots=True)
class Property:
    """One typed property of a kind.

    ``unit`` is a UCUM-like symbol (``B``, ``s``, ``MHz``) or None. ``choices`` closes the set of
    values. ``controlled`` properties are the ones that only an approved change should touch.
    ``expected`` ones count towards completeness.
    """

    name: str
    type: PropertyType
    description: str
    unit: str | None = None
    choices: tuple[str, ...] = ()
    controlled: bool = False
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Namespace:
    """A family of identifiers, written ``<name>:<value>``.

    ``normal`` names the rule in :mod:`cmdb.identity.identifiers` that brings values to one form.
    ``conclusive`` says that two things with different values here are two things.
    """

    name: str
    description: str
    example: str
    contested: Contested = Contested.MOVES
    conclusive: bool = True
    normal: str = "plain"


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of items. ``identified_by`` ranks namespaces, the strongest first.

    ``stale_after`` is how long a source may be silent about an item before its word yields;
    ``retire_after`` is the grace between missing and retired. ``provisional`` says that sources
    also take it for what they can't tell: a source that names another kind knows more.
    """

    name: str
    plural: str
    description: str
    parent: str | None = None
    category: Category = Category.CI
    abstract: bool = False
    layer: str = ""
    properties: tuple[Property, ...] = ()
    identified_by: tuple[str, ...] = ()
    stale_after: timedelta | None = None
    retire_after: timedelta | None = None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship type. Links are stored dependent -> provider unless the phrase says not.

    ``inverse`` is the phrase read from the other end; ``from_kinds`` and ``to_kinds`` name allowed
    ends (a kind allows its children); ``gated`` says whether its links may carry a gate.
    """

    name: str
    phrase: str
    inverse: str
    description: str
    from_kinds: tuple[str, ...]
    to_kinds: tuple[str, ...]
    impact: ImpactDirection
    effect: Effect = Effect.NONE
    gated: bool = False
    symmetric: bool = False
