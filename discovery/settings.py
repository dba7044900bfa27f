"""Typed settings of scanners, from ``key=value`` on the command line and from ``cmdb.toml``.

A scanner declares them as a msgspec Struct whose fields all have a default and a description:
``connections: Annotated[bool, Meta(description="…")] = True``. Fields are booleans, numbers,
strings, one of several literals, a tuple of strings, a secret or a text file
(:mod:`discovery.setting_values`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec

from cmdb.errors import InvalidSettings, Problem, did_you_mean, nearest
from discovery.setting_values import RIGHT, Secret, TextFile, read_secret, read_text

_Settings = TypeVar("_Settings", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class SettingDescription:
    """One setting; ``right`` is a phrase for the values that are right."""

    name: str
    right: str
    default: Any
    description: str


def describe_settings(model: type[msgspec.Struct]) -> tuple[SettingDescription, ...]:
    """All settings of a model, in the order of declaration."""
    found = []
    for field in msgspec.structs.fields(model):
        _, description = _unwrapped(field.type)
        default = field.default_factory() if callable(field.default_factory) else field.default
        if isinstance(default, tuple):
            default = list(default)
        if isinstance(default, Secret | TextFile):
            default = ""
        found.append(SettingDescription(field.name, _right(field.type), default, description))
    return tuple(found)


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """``key=value`` words as a mapping; raises :class:`~cmdb.errors.InvalidSettings`."""
    given: dict[str, str] = {}
    problems = []
    for word in assignments:
        name, equals, value = word.partition("=")
        if not equals or not name:
            problems.append(Problem("Write it as name=value.", field=word))
        elif name in given:
            problems.append(Problem("It is given twice.", field=name))
        else:
            given[name] = value
    if problems:
        raise InvalidSettings(_sentence(problems), problems)
    return given


def setting_text(value: object) -> str:
    """A value of a settings file as the text that ``--set`` would take."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def parse_settings(model: type[_Settings], given: Mapping[str, str]) -> _Settings:
    """The settings that ``given`` texts spell, defaults for the rest.

    Raises :class:`~cmdb.errors.InvalidSettings` that names each wrong field and what would be
    right; all of them at once.
    """
    types = {field.name: field.type for field in msgspec.structs.fields(model)}
    values: dict[str, Any] = {}
    problems = []
    for name, text in given.items():
        if name not in types:
            hint = did_you_mean(nearest(name, types))
            listed = f" There are {', '.join(types)}." if types else " This scanner has none."
            problems.append(Problem(f"There is no such setting{hint}{listed}", field=name))
            continue
        try:
            values[name] = _converted(text, types[name])
        except ValueError as error:
            if _unwrapped(types[name])[0] in _READ:
                problems.append(Problem(str(error), field=name))
                continue
            problems.append(Problem(f"It must be {_right(types[name])}, not {text!r}.", field=name))
    if problems:
        raise InvalidSettings(_sentence(problems), problems)
    return model(**values)


def _converted(text: str, type_: Any) -> Any:
    plain, _ = _unwrapped(type_)
    if get_origin(plain) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if plain in _READ:
        return _READ[plain](text) if text.strip() else plain()
    return msgspec.convert(text.strip(), type_, strict=False)


def _unwrapped(type_: Any) -> tuple[Any, str]:
    if get_origin(type_) is Annotated:
        plain, *metas = get_args(type_)
        texts = [m.description for m in metas if isinstance(m, msgspec.Meta) and m.description]
        return plain, " ".join(texts)
    return type_, ""


_READ: dict[Any, Callable[[str], Any]] = {Secret: read_secret, TextFile: read_text}
_RIGHT_FOR: dict[Any, str] = {
    Secret: RIGHT,
    TextFile: "the path of a file",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


def _right(type_: Any) -> str:
    if get_origin(type_) is Annotated:
        plain, *metas = get_args(type_)
        bounds = [m for m in metas if isinstance(m, msgspec.Meta) and m.ge is not None]
        between = "".join(f" from {m.ge} to {m.le}" for m in bounds)
        return f"{_right(plain)}{between}"
    if get_origin(type_) is Literal:
        *others, last = (str(choice) or "empty" for choice in get_args(type_))
        return f"{', '.join(others)} or {last}" if others else last
    if get_origin(type_) is tuple:
        return "texts separated by commas"
    return _RIGHT_FOR[type_]


def _sentence(problems: list[Problem]) -> str:
    return "The settings are wrong: " + " ".join(str(problem) for problem in problems)
