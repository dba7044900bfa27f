"""What the types of resources mean here: ``resources.toml`` beside this file, as values.

Paths lead through attributes, and through lists on the way: ``network_interface.subnetwork``.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

import msgspec

from cmdb.plans.terraform import CLOUD_IDS


class LinkRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link from the resource to what the values at ``path`` refer to.

    ``reverse``: it leads the other way. ``to`` are the types that may be meant (default: any).
    ``gate``: all links of the rule are one redundancy group. ``when``: only where the attribute
    of that name has that value. ``from_path``: what it leads from, for a resource that only joins
    two others.
    """

    path: str
    relation: str
    to: tuple[str, ...] = ()
    reverse: bool = False
    strength: Literal["hard", "soft"] = "hard"
    gate: str = ""
    confidence: float = 1.0
    when: dict[str, str] = {}
    from_path: str = ""
    from_to: tuple[str, ...] = ()


class TypeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a type of resource is.

    ``kind`` is empty for what is no item: it joins others by ``links`` with a ``from_path``, or
    ``stands_for`` what its values at these paths refer to. ``like`` takes all from another type.
    ``properties`` are paths by property, of which the first with a value counts, and ``fixed`` the
    same for all. ``identifiers`` are paths by namespace; ``known_by`` are paths of values that
    other resources refer to it by, beside its id.
    """

    kind: str = ""
    like: str = ""
    properties: dict[str, tuple[str, ...]] = {}
    fixed: dict[str, str] = {}
    identifiers: dict[str, tuple[str, ...]] = {}
    known_by: tuple[str, ...] = ()
    links: tuple[LinkRule, ...] = ()
    stands_for: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    size: str = ""

    def paths(self) -> tuple[str, ...]:
        """Every path that is read, sorted."""
        found = {*CLOUD_IDS, "name", *self.known_by, *self.stands_for, *self.zone, self.size}
        found.update(p for paths in self.properties.values() for p in paths)
        found.update(p for paths in self.identifiers.values() for p in paths)
        for link in self.links:
            found |= {link.path, link.from_path, *link.when}
        return tuple(sorted(found - {""}))


class ProviderRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cloud: its name, and the form that its ids have where they are unique in all of it."""

    name: str
    identity: str

    def is_unique(self, value: str) -> bool:
        """Whether an id means one thing, whatever the state, the account and the region."""
        return re.fullmatch(self.identity, value) is not None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    provider: dict[str, ProviderRule]
    type: dict[str, TypeRule]


class Additions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scanner of a cloud knows beyond a state: ``type`` are types that only join others or
    that no state has, ``more`` is added to the rules of types that states have too."""

    type: dict[str, TypeRule] = {}
    more: dict[str, TypeRule] = {}


class Mappings:
    """All types of resources that are known, and the clouds that they are of."""

    def __init__(self, file: _File, additions: Additions | None = None) -> None:
        self._file = file
        self.types = {name: self._whole(rule) for name, rule in file.type.items()}
        if additions is not None:
            self.types |= additions.type
            for name, more in additions.more.items():
                self.types[name] = _joined(self.types[name], more)
        self._paths = {name: rule.paths() for name, rule in self.types.items()}

    def _whole(self, rule: TypeRule) -> TypeRule:
        return self._file.type[rule.like] if rule.like else rule

    def knows(self, type_name: str) -> bool:
        """Whether there is a rule for the type."""
        return type_name in self.types

    def rule(self, type_name: str) -> TypeRule | None:
        """The rule for a type; None where there is none."""
        return self.types.get(type_name)

    def paths(self, type_name: str) -> tuple[str, ...]:
        """The attributes of a type that are read; none of a type that is not known."""
        return self._paths.get(type_name, ())

    def provider(self, type_name: str) -> ProviderRule:
        """The cloud of a type of resource."""
        prefix = type_name.partition("_")[0]
        return self._file.provider.get(prefix) or ProviderRule(prefix, "(?!)")


def _joined(rule: TypeRule, more: TypeRule) -> TypeRule:
    return msgspec.structs.replace(
        rule,
        properties={**rule.properties, **more.properties},
        identifiers={**rule.identifiers, **more.identifiers},
        links=(*rule.links, *more.links),
    )


@lru_cache(maxsize=1)
def mappings() -> Mappings:
    """The mapping that is shipped."""
    return Mappings(_shipped())


def mappings_with(additions: Additions) -> Mappings:
    """The mapping that is shipped, and what a scanner of a cloud adds to it."""
    return Mappings(_shipped(), additions)


def _shipped() -> _File:
    text = files("discovery.terraform").joinpath("resources.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File)
