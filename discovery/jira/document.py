"""Texts of Jira's Cloud: the Atlassian Document Format as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BLOCKS = frozenset(
    ("blockquote", "codeBlock", "heading", "panel", "paragraph", "rule", "tableRow")
)
_SHOWN = ("text", "shortName", "url", "timestamp")
"""What mentions, emoji, links and dates show, the likeliest first."""
DEEPEST = 100


def is_document(value: object) -> bool:
    """Whether a value is a document."""
    return isinstance(value, Mapping) and value.get("type") == "doc" and "content" in value


def plain_text(document: Mapping[str, Any]) -> str:
    """The text of a document, a line for each block; what it does not know it reads through.

    >>> plain_text({"type": "doc", "content": [
    ...     {"type": "paragraph", "content": [{"type": "text", "text": "Slow"}]},
    ...     {"type": "bulletList", "content": [{"type": "listItem", "content": [
    ...         {"type": "paragraph", "content": [{"type": "text", "text": "since noon"}]}]}]}]})
    'Slow\\n- since noon'
    """
    lines = [line.rstrip() for line in _text(document, 0).split("\n")]
    return "\n".join(line for line in lines if line).strip()


def _text(node: object, depth: int) -> str:
    if not isinstance(node, Mapping) or depth > DEEPEST:
        return ""
    kind, content = node.get("type"), node.get("content")
    inside = "".join(_text(c, depth + 1) for c in content) if isinstance(content, list) else ""
    if kind == "listItem":
        return f"\n- {inside.strip()}"
    if kind in ("tableCell", "tableHeader"):
        return f"{inside.strip()} "
    if kind in _BLOCKS:
        return f"\n{inside}\n"
    return inside or _atom(kind, node)


def _atom(kind: object, node: Mapping[str, Any]) -> str:
    """The text of a node that has none inside it."""
    if kind == "text":
        return str(node.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    attrs = node.get("attrs")
    if not isinstance(attrs, Mapping):
        return ""
    return str(next((attrs[name] for name in _SHOWN if attrs.get(name)), ""))
