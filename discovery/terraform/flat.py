"""The flat attributes of state format 3, back in the shape that they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def unflattened(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Lists, sets and maps from keys like ``subnets.#``, ``subnets.135909`` and ``tags.Name``.

    Entries of sets, which go by a hash, become a list in the order of their keys.

    >>> unflattened({"id": "i-1", "tags.%": "1", "tags.Name": "web", "ids.#": "1", "ids.77": "a"})
    {'id': 'i-1', 'tags': {'Name': 'web'}, 'ids': ['a']}
    """
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *way, last = key.split(".")
        if last == "%":
            continue
        node = tree
        for step in way:
            inner = node.get(step)
            if not isinstance(inner, dict):
                inner = node[step] = {}
            node = inner
        if not isinstance(node.get(last), dict):
            node[last] = value
    return {key: _shaped(value) for key, value in tree.items()}


def _shaped(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if "#" in node:
        return [_shaped(node[key]) for key in sorted(k for k in node if k != "#")]
    return {key: _shaped(value) for key, value in node.items()}
