"""Variables in Compose files. What they stand for is used to find names, and never kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)"
    r"|\{(?P<name>[A-Za-z_]\w*)(?P<how>:?[-?+])?(?P<rest>[^{}]*)\})"
)
_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][\w.]*)\s*=\s*(?P<value>.*?)\s*$")


def substituted(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced; one that is not set and has no default is empty.

    >>> substituted("${HOST:-db}:$PORT", {"PORT": "5432"})
    'db:5432'
    """

    def value(found: re.Match[str]) -> str:
        if found["escaped"]:
            return "$"
        name, how, rest = found["plain"] or found["name"], found["how"] or "", found["rest"] or ""
        held = values.get(name)
        is_set = bool(held) if how.startswith(":") else held is not None
        if how.endswith("+"):
            return rest if is_set else ""
        if how.endswith("-") and not is_set:
            return rest
        return held or ""

    return _VARIABLE.sub(value, text)


def environment_file(text: str) -> dict[str, str]:
    """The variables of a ``.env`` file; lines that are none are passed over.

    >>> environment_file("# a word\\nexport A='b c'  \\nD=e # f")
    {'A': 'b c', 'D': 'e'}
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match or line.lstrip().startswith("#"):
            continue
        value = match["value"]
        if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
            value = value[1 : value.find(value[0], 1)]
        else:
            value = re.split(r"\s+#", value, maxsplit=1)[0].strip()
        found[match["name"]] = value
    return found
