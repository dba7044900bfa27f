"""What a document may cost. Checked before validation, in time linear in the document.

Depth, fields and aliases are counted with fragments spread; pages multiply what is under them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from graphql import GraphQLError
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from cmdb_graphql.connections import DEFAULT_PAGE
from cmdb_graphql.errors import TOO_EXPENSIVE

MAX_TOKENS = 5_000
MAX_DEPTH = 16
MAX_FIELDS = 2_000
MAX_ALIASES = 60
MAX_REPEATS = 25
"""How often one selection may name the same field. GraphQL compares each with each."""
MAX_COST = 1_000_000
"""Fields in an answer at most, were every page full."""
MAX_CHARACTERS = 200_000

_PAGED = ("first", "limit")
_INTROSPECTION = ("__schema", "__type")
_LISTS = ("edges", "nodes")
_CEILING = 10**12
EMPTY: Mapping[str, int] = MappingProxyType({})


class Weight(NamedTuple):
    """What a selection comes to. ``cost`` counts the fields of an answer with full pages."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    cost: int = 0
    repeats: int = 0
    names: Mapping[str, int] = EMPTY
    """How often each field of the selection itself is named."""


def check(document: DocumentNode, variables: Mapping[str, Any] | None = None) -> None:
    """Raise GraphQLError where an operation of the document is beyond a limit.

    Fragments that spread themselves are left to validation.
    """
    weigher = _Weigher(document, variables or {})
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            weight = weigher.selection(definition.selection_set)
            _refuse(weight.depth, MAX_DEPTH, "levels deep")
            _refuse(weight.aliases, MAX_ALIASES, "aliases long")
            _refuse(weight.fields, MAX_FIELDS, "fields long")
            _refuse(weight.repeats, MAX_REPEATS, "times the same field")
            _refuse(weight.cost, MAX_COST, "fields long with full pages")


def too_expensive(message: str) -> GraphQLError:
    """The error of a document beyond a limit."""
    return GraphQLError(message, extensions={"code": TOO_EXPENSIVE})


def _refuse(found: int, most: int, what: str) -> None:
    if found > most:
        shown = f"{found:,}" if found < _CEILING else f"more than {_CEILING:,}"
        raise too_expensive(
            f"The query is {shown} {what}; {most:,} is the most. Ask for less at a time."
        )


class _Weigher:
    """Weighs selections; each fragment once."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._weights: dict[str, Weight] = {}
        self._open: set[str] = set()

    def selection(self, selections: SelectionSetNode | None) -> Weight:
        """What a selection set comes to."""
        depth = fields = aliases = cost = repeats = 0
        names: Counter[str] = Counter()
        for node in selections.selections if selections else ():
            weight = self._node(node)
            depth = max(depth, weight.depth)
            fields = min(fields + weight.fields, _CEILING)
            aliases = min(aliases + weight.aliases, _CEILING)
            cost = min(cost + weight.cost, _CEILING)
            repeats = max(repeats, weight.repeats)
            for name, count in weight.names.items():
                names[name] = min(names[name] + count, _CEILING)
        repeats = max(repeats, *names.values(), 0)
        return Weight(depth, fields, aliases, cost, repeats, names)

    def _node(self, node: object) -> Weight:
        if isinstance(node, FieldNode):
            return self._field(node)
        if isinstance(node, InlineFragmentNode):
            return self.selection(node.selection_set)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return Weight()

    def _field(self, node: FieldNode) -> Weight:
        below = self.selection(node.selection_set)
        aliases = below.aliases + (node.alias is not None)
        depth, cost = below.depth + 1, 1 + below.cost * self._entries(node)
        if node.name.value in _INTROSPECTION:
            depth, cost = 1, below.fields + 1
        named = {node.alias.value if node.alias else node.name.value: 1}
        return Weight(depth, below.fields + 1, aliases, cost, below.repeats, named)

    def _entries(self, node: FieldNode) -> int:
        """How many entries the field's page may have; 1 where it is no page."""
        for argument in node.arguments or ():
            if argument.name.value in _PAGED:
                value: object = argument.value
                if isinstance(value, VariableNode):
                    value = self._variables.get(value.name.value, DEFAULT_PAGE)
                elif isinstance(value, IntValueNode):
                    value = int(value.value) if len(value.value) < 12 else _CEILING
                return max(1, value) if isinstance(value, int) else 1
        selections = node.selection_set.selections if node.selection_set else ()
        lists = any(isinstance(s, FieldNode) and s.name.value in _LISTS for s in selections)
        return DEFAULT_PAGE if lists else 1

    def _fragment(self, name: str) -> Weight:
        if name not in self._fragments or name in self._open:
            return Weight()
        if name not in self._weights:
            self._open.add(name)
            self._weights[name] = self.selection(self._fragments[name].selection_set)
            self._open.discard(name)
        return self._weights[name]
