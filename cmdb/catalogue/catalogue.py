"""The catalogue: all kinds, relations and namespaces in force, with the questions asked of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from cmdb.catalogue.kinds import KINDS
from cmdb.catalogue.model import Category, Kind, Namespace, Property, Relation
from cmdb.catalogue.namespaces import NAMESPACES
from cmdb.catalogue.relations import RELATIONS
from cmdb.errors import InvalidCatalogue, Problem, UnknownKind, UnknownRelation

if TYPE_CHECKING:
    from collections.abc import Mapping

_Declared = TypeVar("_Declared", Kind, Relation, Namespace)

DEFAULT_STALE_AFTER = timedelta(days=30)
DEFAULT_RETIRE_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ResolvedKind:
    """A kind with all it inherits.

    ``lineage`` runs from the kind itself to its root; ``family`` is the ancestor just below the
    root: only items of one family can turn out to be the same thing.
    """

    kind: Kind
    lineage: tuple[str, ...]
    properties: Mapping[str, Property]
    identified_by: tuple[str, ...]
    stale_after: timedelta
    retire_after: timedelta

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def family(self) -> str:
        return self.lineage[max(0, len(self.lineage) - 2)]


class Catalogue:
    """An immutable, consistent set of declarations.

    Raises :class:`~cmdb.errors.InvalidCatalogue` where a parent, an end or a namespace is missing
    or something is declared twice.
    """

    def __init__(
        self,
        kinds: Iterable[Kind] = KINDS,
        relations: Iterable[Relation] = RELATIONS,
        namespaces: Iterable[Namespace] = NAMESPACES,
    ) -> None:
        self.kinds: Mapping[str, Kind] = _unique(kinds, "kind")
        self.relations: Mapping[str, Relation] = _unique(relations, "relation")
        self.namespaces: Mapping[str, Namespace] = _unique(namespaces, "namespace")
        self._resolved: dict[str, ResolvedKind] = {}
        self._end_problems: dict[tuple[str, str | None, str | None], str | None] = {}
        problems = [*self._dangling()]
        if problems:
            raise InvalidCatalogue("The catalogue does not hold together.", problems)
        for name in self.kinds:
            self._resolve(name)

    def kind(self, name: str) -> ResolvedKind:
        """The kind of that name; raises :class:`~cmdb.errors.UnknownKind` with suggestions."""
        try:
            return self._resolved[name]
        except KeyError:
            raise UnknownKind(name, self.kinds) from None

    def relation(self, name: str) -> Relation:
        """The relation of that name; raises :class:`~cmdb.errors.UnknownRelation`."""
        try:
            return self.relations[name]
        except KeyError:
            raise UnknownRelation(name, self.relations) from None

    def is_a(self, kind: str, ancestor: str) -> bool:
        """Whether ``kind`` is ``ancestor`` or descends from it. O(depth)."""
        return ancestor in self.kind(kind).lineage

    def descendants(self, name: str) -> tuple[str, ...]:
        """``name`` and every kind below it, in the order of declaration."""
        self.kind(name)
        return self._descendants[name]

    @cached_property
    def _descendants(self) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(k for k, r in self._resolved.items() if name in r.lineage)
            for name in self.kinds
        }

    @cached_property
    def concrete_kinds(self) -> tuple[ResolvedKind, ...]:
        """The kinds that items can be of, in the order of declaration."""
        return tuple(r for r in self._resolved.values() if not r.kind.abstract)

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        """Every property name in force with its first declaration."""
        found: dict[str, Property] = {}
        for resolved in self._resolved.values():
            for name, prop in resolved.properties.items():
                found.setdefault(name, prop)
        return MappingProxyType(found)

    @cached_property
    def _allowed_ends(self) -> Mapping[tuple[str, str], frozenset[str]]:
        ends: dict[tuple[str, str], frozenset[str]] = {}
        for relation in self.relations.values():
            for side, names in (
                ("from", relation.from_kinds),
                ("to", relation.to_kinds),
            ):
                ends[relation.name, side] = frozenset(
                    d for name in names for d in self._descendants[name]
                )
        return MappingProxyType(ends)

    def end_problem(self, relation: str, from_kind: str | None, to_kind: str | None) -> str | None:
        """Why the relation can't run between two kinds, as a sentence; None where it can.

        A kind that is not known yet (None) is allowed. A symmetric relation's ends are alike.
        """
        key = (relation, from_kind, to_kind)
        if key not in self._end_problems:
            self._end_problems[key] = self._end_problem(relation, from_kind, to_kind)
        return self._end_problems[key]

    def _end_problem(self, relation: str, from_kind: str | None, to_kind: str | None) -> str | None:
        declared = self.relation(relation)
        for side, kind, names in (
            ("from", from_kind, declared.from_kinds),
            ("to", to_kind, declared.to_kinds),
        ):
            if kind is not None and kind not in self._allowed_ends[relation, side]:
                verb = "start at" if side == "from" else "lead to"
                return f"{relation} can't {verb} a {kind}; it can {verb} {_any_of(names)}."
        return None

    def _dangling(self) -> Iterable[Problem]:
        for kind in self.kinds.values():
            if kind.parent is not None and kind.parent not in self.kinds:
                yield Problem(f"Its parent {kind.parent} is not declared.", field=kind.name)
            for namespace in kind.identified_by:
                if namespace not in self.namespaces:
                    yield Problem(f"Its identifier {namespace} is not declared.", field=kind.name)
        for relation in self.relations.values():
            for end in (*relation.from_kinds, *relation.to_kinds):
                if end not in self.kinds:
                    yield Problem(f"Its end {end} is not declared.", field=relation.name)

    def _resolve(self, name: str, below: tuple[str, ...] = ()) -> ResolvedKind:
        if name in self._resolved:
            return self._resolved[name]
        if name in below:
            raise InvalidCatalogue(f"{name} is its own ancestor: {' > '.join((*below, name))}.")
        kind = self.kinds[name]
        parent = self._resolve(kind.parent, (*below, name)) if kind.parent else None
        resolved = ResolvedKind(
            kind=kind,
            lineage=(name, *(parent.lineage if parent else ())),
            properties=MappingProxyType(
                {
                    **(parent.properties if parent else {}),
                    **{p.name: p for p in kind.properties},
                }
            ),
            identified_by=kind.identified_by or (parent.identified_by if parent else ()),
            stale_after=kind.stale_after or (parent.stale_after if parent else DEFAULT_STALE_AFTER),
            retire_after=kind.retire_after
            or (parent.retire_after if parent else DEFAULT_RETIRE_AFTER),
        )
        self._resolved[name] = resolved
        return resolved

    def of_category(self, category: Category) -> tuple[ResolvedKind, ...]:
        """The concrete kinds of one category."""
        return tuple(r for r in self.concrete_kinds if r.kind.category is category)


def _unique(declared: Iterable[_Declared], noun: str) -> Mapping[str, _Declared]:
    found: dict[str, _Declared] = {}
    for value in declared:
        if value.name in found:
            raise InvalidCatalogue(f"The {noun} {value.name} is declared twice.")
        found[value.name] = value
    return MappingProxyType(found)


def _any_of(names: tuple[str, ...]) -> str:
    if names == ("ConfigurationItem",):
        return "any configuration item"
    *others, last = names
    return f"a {', '.join(others)} or {last}" if others else f"a {last}"


@lru_cache(maxsize=1)
def builtin() -> Catalogue:
    """The catalogue as it ships, without any user's additions."""
    return Catalogue()
