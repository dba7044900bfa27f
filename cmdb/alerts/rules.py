"""Rules that lead from an alert's labels to the item that it is about: values read from TOML."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from cmdb.errors import InvalidInput, Problem
from cmdb.given import text_of

BUILT_IN = Path(__file__).with_name("rules.toml")
_FIELD = re.compile(r"\{([A-Za-z_][\w.-]*)(\|host)?\}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``match`` are regular expressions that whole labels must fit; ``item`` are templates, tried
    in their order."""

    name: str
    item: tuple[str, ...]
    match: dict[str, str] = {}
    tool: str | None = None

    def fits(self, tool: str, labels: Mapping[str, str]) -> bool:
        """Whether the rule is for an alert of that tool with those labels."""
        if self.tool is not None and self.tool != tool:
            return False
        return all(
            name in labels and re.fullmatch(pattern, labels[name])
            for name, pattern in self.match.items()
        )


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[Rule, ...] = ()


def read_rules(path: Path) -> tuple[Rule, ...]:
    """The rules in a file; raises :class:`~cmdb.errors.InvalidInput` that says what is wrong."""
    try:
        rules = msgspec.convert(tomllib.loads(text_of(path)), _File).rule
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        problem = Problem(str(error), str(path))
        raise InvalidInput("The rules for alerts can't be read.", [problem]) from None
    problems = [
        Problem(wrong, str(path), field=f"rule {rule.name}")
        for rule in rules
        for wrong in _wrong(rule)
    ]
    if problems:
        raise InvalidInput("The rules for alerts can't be used.", problems)
    return rules


def _wrong(rule: Rule) -> Iterator[str]:
    if not rule.item:
        yield "has no item to lead to"
    for template in rule.item:
        if "{" in _FIELD.sub("", template):
            yield f"{template!r} has a brace that is no {{label}}"
    for name, pattern in rule.match.items():
        try:
            re.compile(pattern)
        except re.error as error:
            yield f"the pattern of {name} is no regular expression: {error}"


def rules_in_force(path: Path | None) -> tuple[Rule, ...]:
    """The user's rules, then the built-in ones."""
    return (*(read_rules(path) if path is not None else ()), *read_rules(BUILT_IN))


def candidates(
    rules: Sequence[Rule], tool: str, labels: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """What an alert may be about, the likeliest first: (identifier or name, the rule's name)."""
    for rule in rules:
        if rule.fits(tool, labels):
            for template in rule.item:
                filled = fill(template, labels)
                if filled is not None:
                    yield filled, rule.name


def fill(template: str, labels: Mapping[str, str]) -> str | None:
    """The template with the labels in it; None where one of them is not there, or empty.

    >>> fill("fqdn:{instance|host}", {"instance": "web1.example.org:9100"})
    'fqdn:web1.example.org'
    """
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = labels.get(match[1], "").strip()
        found = host_of(found) if match[2] else found
        missing = missing or not found
        return found

    filled = _FIELD.sub(value, template)
    return None if missing else filled


def host_of(text: str) -> str:
    """The host in ``host:port``, ``[v6]:port`` or a URL.

    >>> host_of("https://[2001:db8::1]:9100/metrics"), host_of("web1:80"), host_of("2001:db8::1")
    ('2001:db8::1', 'web1', '2001:db8::1')
    """
    text = _SCHEME.sub("", text.strip()).partition("/")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]
