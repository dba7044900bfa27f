"""The request catalogue: what can be asked for, and the form of each, declared in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, Problem, did_you_mean, nearest

_BUILT_IN = "catalogue.toml"

FieldType = Literal["string", "integer", "number", "boolean"]


class FormField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a form. ``minimum`` and ``maximum`` are of numbers."""

    type: FieldType
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class FulfilledBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The item whose appearance fulfils a request: of a kind, with the name in a form's field."""

    kind: str
    field: str


class Offer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that can be asked for: ``team`` sees to it, ``approval`` says whether somebody of
    that team must agree first, ``days`` after how long what was granted ends."""

    title: str
    team: str
    approval: Literal["none", "owner"] = "none"
    steps: tuple[str, ...] = ()
    days: int | None = None
    fulfilled_by: FulfilledBy | None = None
    form: dict[str, FormField] = {}


def request_catalogue(path: Path | None, catalogue: Catalogue) -> Mapping[str, Offer]:
    """What can be asked for, by name: the built-in offers, and those of a file over them.

    Raises :class:`~cmdb.errors.InvalidInput` that names the file and the key that is wrong.
    """
    text = files("cmdb.requests").joinpath(_BUILT_IN).read_text("utf-8")
    offers = _offers(text, _BUILT_IN, catalogue)
    if path is not None:
        try:
            offers |= _offers(path.read_text("utf-8"), str(path), catalogue)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"The request catalogue {path} can't be read: {error}.") from None
    return offers


def _offers(text: str, name: str, catalogue: Catalogue) -> dict[str, Offer]:
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = Problem(str(error), name)
        raise InvalidInput("The request catalogue is no TOML.", [problem]) from None
    offers: dict[str, Offer] = {}
    problems: list[Problem] = []
    for key, value in data.items():
        try:
            offers[key] = offer = msgspec.convert(value, Offer)
        except msgspec.ValidationError as error:
            problems.append(Problem(str(error), name, field=key))
            continue
        rule = offer.fulfilled_by
        if rule is not None and rule.kind not in catalogue.kinds:
            hint = did_you_mean(nearest(rule.kind, catalogue.kinds))
            problems.append(Problem(f"There is no kind {rule.kind}{hint}", name, field=key))
        if rule is not None and rule.field not in offer.form:
            problems.append(Problem(f"Its form has no field {rule.field}.", name, field=key))
    if problems:
        raise InvalidInput("The request catalogue is wrong.", problems)
    return offers


def offer_of(offers: Mapping[str, Offer], name: str) -> Offer:
    """The offer of that name; raises :class:`~cmdb.errors.InvalidInput` with those there are."""
    if name not in offers:
        hint = did_you_mean(nearest(name, offers))
        raise InvalidInput(f"Nobody offers {name!r}{hint} There are {', '.join(sorted(offers))}.")
    return offers[name]


def checked_form(offer: Offer, given: Mapping[str, object]) -> dict[str, object]:
    """What was filled in, as the form's types hold it.

    Raises :class:`~cmdb.errors.InvalidInput` with everything that is wrong with it.
    """
    problems = [
        Problem(f"The form has no such field{did_you_mean(nearest(n, offer.form))}", field=n)
        for n in given.keys() - offer.form.keys()
    ]
    checked: dict[str, object] = {}
    for name, field in offer.form.items():
        value = given.get(name)
        if value in (None, ""):
            if field.required:
                problems.append(Problem(f"is needed: {field.description}", field=name))
            continue
        try:
            checked[name] = _value(field, value)
        except ValueError as error:
            problems.append(Problem(str(error), field=name))
    if problems:
        raise InvalidInput(f"The form of {offer.title!r} is not in order.", problems)
    return checked


def _value(field: FormField, value: object) -> object:
    if field.type == "boolean":
        known = {"true": True, "yes": True, "false": False, "no": False}
        found = value if isinstance(value, bool) else known.get(str(value).lower())
        if found is None:
            raise ValueError(f"must be true or false, not {value!r}")
        return found
    if field.type == "string":
        text = str(value).strip()
        if field.choices and text not in field.choices:
            raise ValueError(f"must be one of {', '.join(field.choices)}, not {text!r}")
        return text
    return _number(field, value)


def _number(field: FormField, value: object) -> float:
    try:
        number = int(str(value)) if field.type == "integer" else float(str(value))
    except ValueError:
        raise ValueError(f"must be a number, not {str(value)[:40]!r}") from None
    if not (field.minimum is None or number >= field.minimum):
        raise ValueError(f"must be at least {field.minimum:g}, not {number:g}")
    if not (field.maximum is None or number <= field.maximum):
        raise ValueError(f"must be at most {field.maximum:g}, not {number:g}")
    return number
