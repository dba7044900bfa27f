"""What a machine calls itself."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def short_name(node: str) -> str:
    """The host name without its domain."""
    return node.partition(".")[0]


def full_name(node: str, said: str) -> str:
    """The name with its domain; empty where the machine has none that begins with its own name."""
    if "." in node:
        return node
    name = said.strip()
    return name if _NAME.fullmatch(name) and name.lower().startswith(f"{node.lower()}.") else ""
