"""GraphQL types made from the product's own values, so that both always have the same fields.

A type is called like its struct unless :data:`TYPE_NAMES` says otherwise; a field is the JSON
field in camel case.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, Literal, Optional, Union, get_args, get_origin

import msgspec
import strawberry
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from cmdb_graphql.names import camel
from cmdb_graphql.scalars import Json, MinUp

LITERALS: Mapping[tuple[str, ...], tuple[str, str]] = {
    ("up", "at_risk", "degraded", "down"): (
        "State",
        "How well an item serves. `at_risk`: it serves, but its redundancy is lost.",
    ),
    ("missing", "stale", "low_confidence", "single_source"): (
        "WeakReason",
        "Why a piece of evidence is weak.",
    ),
    ("delete", "replace", "update", "create", "forget", "unchanged"): (
        "PlannedEffect",
        "What a plan does to a resource. `forget`: it stays and is no longer managed.",
    ),
    ("identifier", "name", "several", "none"): (
        "PlanMatch",
        "How the item that a resource is was found; by a name is weaker.",
    ),
    ("terraform", "kubernetes"): ("PlanTool", "Which tool a plan is of."),
    ("item", "link"): ("EvidenceType", "What a piece of evidence is."),
    ("item", "link", "waiting"): ("EntityType", "What was edited."),
    (
        "services",
        "weak_points",
        "redundancy",
        "data_quality",
        "window",
        "collisions",
        "history",
    ): ("RiskFactorName", "What a part of a risk is about."),
    ("coverage", "precision", "distance", "recency", "prior", "timing"): (
        "CauseFactorName",
        "What speaks for a cause, or against it.",
    ),
    ("time", "distance", "kind"): ("SuspectFactorName", "What makes an edit a suspect."),
    ("replicas", "standby", "application"): ("InferenceRule", "What kind of inference it is."),
    ("open", "confirmed", "refused"): (
        "InferenceVerdict",
        "What a person decided of an inference.",
    ),
    ("declared", "observed", "both"): (
        "Basis",
        "Whether the sources of a link say what should be, what they see, or both.",
    ),
    ("never_seen", "never_declared"): (
        "DriftName",
        "Whether a link is declared and was never seen, or the other way round.",
    ),
    ("hard", "soft"): ("Strength", "Whether the dependent falls with the provider or suffers."),
    ("dependencies", "dependents"): ("DependencyDirection", "Which way dependencies were walked."),
    ("given", "gate", "network"): ("ProofReason", "What put an item into its state."),
    ("record", "note", "alert", "revision", "change"): (
        "TimelineType",
        "What an entry of a timeline is about.",
    ),
    ("cause", "repeated", "weak_point"): (
        "ProblemReason",
        "Why an item may be a problem.",
    ),
    ("incomplete", "orphan", "stale", "missing", "duplicate"): (
        "DefectName",
        "What is wrong with an item.",
    ),
    (
        "shared_item",
        "inside_radius",
        "redundancy",
        "same_implementer",
        "open_incident",
        "outside_maintenance_window",
        "blackout",
        "freeze",
    ): ("ConflictType", "What is in the way of a change."),
    ("low", "moderate", "high"): ("RiskClass", "How risky a change is."),
    ("approved", "held"): (
        "Ruling",
        "Whether a change may be made by the policy alone, or waits for somebody's word.",
    ),
    ("change", "maintenance", "blackout", "freeze"): (
        "CalendarEntryType",
        "What an entry of the calendar is.",
    ),
    ("same", "rests_on", "carries", "linked", "related", "none"): (
        "PathConnection",
        "What kind of way leads from the one item to the other.",
    ),
}
"""The closed sets of strings, with the names of their enums and what they mean."""

TYPE_NAMES: Mapping[str, str] = {
    "LinkEnd": "Link",
    "Provenance": "PropertyProvenance",
    "Claim": "PropertyClaim",
    "Affected": "AffectedItem",
    "Because": "AffectedBecause",
    "Dependencies": "DependencyTree",
    "Counts": "StateCounts",
    "Totals": "AnswerTotals",
    "Paths": "PathAnswer",
    "Path": "ItemPath",
    "KindDescription": "Kind",
    "PropertyDescription": "Property",
    "RelationDescription": "Relation",
}
"""GraphQL names of structs that would say too little, or be in the way of a kind."""

_IDS = frozenset(
    "id from_id to_id via link failed path devices merged_into from to members item".split()
)
_ROLE = re.compile(r":\w+:`~?([\w.]+)`")
_QUOTED = re.compile(r"``(.+?)``")

Extra = Mapping[str, Mapping[str, StrawberryField]]


class Later:
    """Types by name, for fields that are made before the type they have."""

    def __init__(self) -> None:
        self._types: dict[str, Any] = {}

    def declare(self, name: str, made: Any) -> None:
        """From now on ``name`` means that type."""
        self._types[name] = made

    def __call__(self, name: str) -> Any:
        """A reference to a type, looked up when the schema is put together."""
        return _Reference(name, __name__, owner=id(self._types), types=self._types)

    def optional(self, name: str) -> Any:
        """The same for a field that may be null."""
        return maybe(self(name))


@dataclass(frozen=True)
class _Reference(LazyType[Any, Any]):
    """Two are equal only where they look up in the same types: typing keeps what it has made of
    equal arguments, and would else hand out one that belongs to another schema."""

    owner: int = 0
    types: dict[str, Any] = dataclass_field(default_factory=dict, compare=False)

    def resolve_type(self) -> type[Any]:
        made: type[Any] = self.types[self.type_name]
        return made


class StructTypes:
    """The GraphQL types of one schema that mirror structs; each is made once, when first asked for.

    ``extra`` has further fields by the struct's name, ``left_out`` names fields not to be served.
    """

    def __init__(self, extra: Extra, left_out: Mapping[str, Sequence[str]]) -> None:
        self._extra = extra
        self._left_out = left_out
        self._made: dict[type, Any] = {}
        self._enums: dict[object, Any] = {}

    def of(self, struct: type[msgspec.Struct]) -> Any:
        """The strawberry type of a struct."""
        if struct not in self._made:
            self._made[struct] = self._make(struct)
        return self._made[struct]

    def _make(self, struct: type[msgspec.Struct]) -> Any:
        name = struct.__name__
        fields: dict[str, StrawberryField] = {}
        for info in msgspec.structs.fields(struct):
            if info.name not in self._left_out.get(name, ()):
                hint = self.annotation(info.type, info.name)
                fields[info.name] = plain_field(hint, name=camel(info.encode_name))
        fields.update(self._extra.get(name, {}))
        text = described(struct, {info.encode_name for info in msgspec.structs.fields(struct)})
        return object_type(TYPE_NAMES.get(name, name), fields, text)

    def annotation(self, hint: Any, field: str) -> Any:
        """What strawberry calls a field's type."""
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._union(arguments, field)
        if origin is tuple or origin is list:
            return many(self.annotation(arguments[0], field))
        if origin is Literal:
            return self.literal(arguments)
        if isinstance(hint, type):
            if issubclass(hint, msgspec.Struct):
                return self.of(hint)
            if issubclass(hint, Enum):
                return self.enum(hint)
            if hint is str and field in _IDS:
                return strawberry.ID
            if hint in (str, int, float, bool, datetime):
                return hint
        return Json if origin is dict else maybe(Json)

    def _union(self, members: tuple[Any, ...], field: str) -> Any:
        real = [m for m in members if m is not type(None)]
        if set(real) == {int, float}:
            made: Any = float
        elif set(real) == {int, float, str}:
            made = MinUp
        elif len(real) == 1:
            made = self.annotation(real[0], field)
        else:
            made = Json
        is_optional = len(real) < len(members) or made is Json
        return maybe(made) if is_optional else made

    def literal(self, values: tuple[str, ...]) -> Any:
        """The enum of a closed set of strings; KeyError for one without a name."""
        if values not in self._enums:
            name, description = LITERALS[values]
            self._enums[values] = closed_set(name, values, description)
        return self._enums[values]

    def enum(self, cls: type[Enum]) -> Any:
        """The enum of a StrEnum: its values are the names."""
        if cls not in self._enums:
            values = [str(member.value) for member in cls]
            text = described(cls)
            for member in cls:
                text = text.replace(f"`{member.name}`", f"`{member.value}`")
            self._enums[cls] = closed_set(cls.__name__, values, text)
        return self._enums[cls]


def maybe(hint: Any) -> Any:
    """The type of what may be null; ``hint`` is a type made at run time."""
    return Optional[hint]  # noqa: UP045 - an expression, not an annotation


def many(hint: Any) -> Any:
    """The type of a list; ``hint`` is a type made at run time."""
    return list[hint]


def closed_set(name: str, values: Sequence[str], description: str) -> Any:
    """An enum whose members are strings and are called like their values."""
    made: Any = StrEnum(name, {value: value for value in values})  # type: ignore[misc]  # built at run time
    return strawberry.enum(made, name=name, description=description)


def plain_field(hint: Any, description: str | None = None, name: str | None = None) -> Any:
    """A field that is read from the attribute of the same name."""
    made: Any = strawberry.field(description=description, name=name, graphql_type=hint)
    return made


def object_type(
    name: str,
    fields: Mapping[str, StrawberryField],
    description: str,
    *,
    bases: tuple[Any, ...] = (),
    decorate: Callable[..., Any] = strawberry.type,
    namespace: Mapping[str, Any] | None = None,
) -> Any:
    """A strawberry type made at run time of these fields, by their Python names."""

    def body(space: dict[str, Any]) -> None:
        space.update(fields)
        space.update(namespace or {})
        space["__annotations__"] = {n: field.type_annotation for n, field in fields.items()}
        space["__module__"] = __name__

    return decorate(types.new_class(name, bases, {}, body), name=name, description=description)


def described(cls: type, fields: Collection[str] = ()) -> str:
    """A class's docstring as GraphQL documentation: its fields in camel case, null for None."""
    text = " ".join((cls.__doc__ or "").split())
    text = _ROLE.sub(lambda m: m[1].rsplit(".", 1)[-1], text)
    text = _QUOTED.sub(lambda m: f"`{camel(m[1]) if m[1] in fields else m[1]}`", text)
    return re.sub(r"\bNone\b", "null", text)
