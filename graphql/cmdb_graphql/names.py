"""What kinds, properties and choices are called in GraphQL.

Built-in names never depend on what users add: where a user's kind or property would take a name
that is in use, the user's gets another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from cmdb.catalogue import Catalogue, Property, ResolvedKind

_ENUM_VALUE = re.compile(r"^(?!(?:true|false|null)$)(?!__)[_A-Za-z][_0-9A-Za-z]*$")


def camel(snake: str) -> str:
    """``memory_size`` as ``memorySize``."""
    first, *rest = snake.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def pascal(snake: str) -> str:
    """``network_role`` as ``NetworkRole``."""
    name = camel(snake)
    return name[:1].upper() + name[1:]


def are_enum_values(choices: Iterable[str]) -> bool:
    """Whether GraphQL can spell all of them as enum values."""
    return all(_ENUM_VALUE.match(choice) for choice in choices)


class Names:
    """The GraphQL names of one catalogue's kinds.

    ``taken`` are the names of our own types, ``roots`` of our own root fields, ``fields`` those
    that every item has.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        taken: Collection[str],
        roots: Collection[str],
        fields: Collection[str],
    ) -> None:
        self._catalogue = catalogue
        self._fields = frozenset(fields)
        self._used_types = set(taken)
        self._used_roots = set(roots)
        self.types: dict[str, str] = {}
        self.interfaces: dict[str, str] = {}
        self.connections: dict[str, str] = {}
        self._enums: dict[tuple[str, tuple[str, ...]], str] = {}
        for name in catalogue.kinds:
            kind = catalogue.kind(name)
            self._name_kind(kind)
            for prop in kind.properties.values():
                self._name_enum(prop, name)

    def _name_kind(self, kind: ResolvedKind) -> None:
        has_children = len(self._catalogue.descendants(kind.name)) > 1
        if kind.kind.abstract:
            self.interfaces[kind.name] = self._free_type(kind.name)
        else:
            self.types[kind.name] = self._free_type(kind.name)
            if has_children:
                self.interfaces[kind.name] = self._free_type(f"Any{self.types[kind.name]}")
        lower = kind.name[:1].lower() + kind.name[1:]
        root = kind.kind.plural
        while root in self._used_roots:
            root = f"{lower}Items" if root == kind.kind.plural else f"{root}_"
        self._used_roots.add(root)
        self.connections[kind.name] = root

    def _free_type(self, wanted: str) -> str:
        name = wanted
        while {name, f"{name}Connection", f"{name}Edge"} & self._used_types:
            name += "Item" if name == wanted else "_"
        self._used_types |= {name, f"{name}Connection", f"{name}Edge"}
        return name

    def node(self, kind: str) -> str:
        """The type of the nodes of a kind's connection: an interface if there are kinds below."""
        return self.interfaces.get(kind) or self.types[kind]

    def field(self, prop: str) -> str:
        """A property's field: its name in camel case, or with ``Property`` where that is taken."""
        name = camel(prop)
        return f"{name}Property" if name in self._fields else name

    def _name_enum(self, prop: Property, kind: str) -> None:
        key = (prop.name, prop.choices)
        if not prop.choices or not are_enum_values(prop.choices) or key in self._enums:
            return
        wanted = pascal(prop.name)
        name = wanted
        while name in self._used_types:
            name = f"{kind}{wanted}" if name == wanted else f"{name}_"
        self._used_types.add(name)
        self._enums[key] = name

    def enum(self, prop: Property) -> str | None:
        """The enum of a property's choices, one for the same name with the same choices; None where
        it has none that GraphQL can spell."""
        return self._enums.get((prop.name, prop.choices))
