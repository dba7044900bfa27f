"""From the answers of calls to resources. No I/O; only attributes that the table names are kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from cmdb.items.value import format_time
from discovery.aws.payload import Place
from discovery.aws.table import Call, Made
from discovery.extra import required
from discovery.references import hosts_in, is_outside
from discovery.terraform.state import MAX_VALUES, Resource, Scalar

Record = Mapping[str, Any]
_FIELD = re.compile(r"\{(\w+)\}")
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[\w:/.-]+")
_QUEUE = re.compile(r"https://sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/[0-9]{12}/[\w-]+(?:\.fifo)?")
OWNER, NAME = "owner", "tags.Name"


def records_of(call: Call, answer: Record, parent: Record | None) -> list[Record]:
    """The records in one answer, each with the one that it was asked for."""
    found = _search(call.items, answer)
    listed = found if isinstance(found, list) else []
    more = {} if parent is None else {"parent": parent}
    return [{**record, **more} for record in listed if isinstance(record, dict)]


def arguments_of(call: Call, parent: Record) -> dict[str, Any]:
    """What a call is asked with for a record of the call before it."""
    found = {name: _search(path, parent) for name, path in call.arguments.items()}
    return {**call.literal, **{k: v for k, v in found.items() if v is not None}}


def gathered(call: Call, parents: Sequence[Record]) -> Iterator[tuple[dict[str, Any], Record]]:
    """The arguments of a call that takes several records at once, with the first of them.

    Records that need different other arguments are not asked for together.
    """
    groups: dict[str, list[Record]] = {}
    for parent in parents:
        groups.setdefault(repr(arguments_of(call, parent)), []).append(parent)
    for group in groups.values():
        for at in range(0, len(group), call.size):
            part = group[at : at + call.size]
            many = {
                name: [_search(path, parent) for parent in part]
                for name, path in call.gather.items()
            }
            yield {**arguments_of(call, part[0]), **many}, part[0]


def resources_of(
    call: Call, record: Record, place: Place, owner_tags: Sequence[str]
) -> Iterator[Resource]:
    """The resources that a record becomes."""
    tags = tags_of(call, record)
    for made in call.make:
        if made.when and not _search(made.when, record):
            continue
        values: dict[str, tuple[Scalar, ...]] = {}
        for attribute, expression in made.values.items():
            if found := _values(expression, record):
                values[attribute] = found
        if arn := _arn(made, record, place):
            values["arn"] = (arn,)
        told = {**tagged(tags, owner_tags), "account": (place.account,)}
        if not call.once:
            told["region"] = (place.region,)
        for name, value in told.items():
            values.setdefault(name, value)
        yield Resource(address=_address(made, values), type=made.type, values=values)


def tags_of(call: Call, record: Record) -> dict[str, str]:
    """The tags that a record has with it."""
    found = _search(call.tags, record) if call.tags else None
    pairs = found if isinstance(found, list) else []
    return {
        str(pair["Key"]): str(pair.get("Value", ""))
        for pair in pairs
        if isinstance(pair, dict) and "Key" in pair
    }


def tagged(tags: Mapping[str, str], owner_tags: Sequence[str]) -> dict[str, tuple[Scalar, ...]]:
    """What is kept of tags: a name, and who owns it."""
    found: dict[str, tuple[Scalar, ...]] = {}
    if tags.get("Name"):
        found[NAME] = (tags["Name"],)
    owner = next((tags[name] for name in owner_tags if tags.get(name)), "")
    if owner:
        found[OWNER] = (owner,)
    return found


def _address(made: Made, values: Mapping[str, tuple[Scalar, ...]]) -> str:
    """What evidence calls a resource, and what tells those without an id apart."""
    if made.key:
        told = [str(v) for key in made.key for v in values.get(key, ())[:1]]
        return " ".join((made.type.removeprefix("aws_"), *told))
    first = values.get("id") or values.get("arn") or ("",)
    return f"{first[0]}" or made.type


def _arn(made: Made, record: Record, place: Place) -> str:
    if not made.arn:
        return ""
    known = {"region": place.region, "account": place.account}
    fields = {f: known.get(f) or record.get(f) for f in _FIELD.findall(made.arn)}
    if not all(fields.values()):
        return ""
    return f"arn:{place.partition}:" + _FIELD.sub(lambda f: str(fields[f[1]]), made.arn)


def _values(expression: str, record: Record) -> tuple[Scalar, ...]:
    how, colon, path = expression.partition(":")
    if not colon or not how.isalpha():
        how, path = "", expression
    found: list[Scalar] = []
    for value in _flat(_search(path, record)):
        found += _TURNED[how](value)
    return tuple(dict.fromkeys(found))[:MAX_VALUES]


def _flat(found: object) -> Iterator[Scalar]:
    if isinstance(found, list):
        for entry in found:
            yield from _flat(entry)
    elif isinstance(found, datetime):
        yield format_time(found)
    elif isinstance(found, str | int | float) and found != "":
        yield found


def _dns(value: Scalar) -> list[Scalar]:
    """A name of the domain name system, as everything that leads to it spells it."""
    name = str(value).lower().rstrip(".").replace("\\052", "*")
    return [name.removeprefix("dualstack.")]


def _split(value: Scalar) -> list[Scalar]:
    return [part.strip() for part in str(value).split(",") if part.strip()]


def _last(value: Scalar) -> list[Scalar]:
    return [str(value).rpartition(":")[2]]


def _hosts(value: Scalar) -> list[Scalar]:
    """What a variable leads to: a resource by its ARN, a queue, or a host. The rest is dropped."""
    written = str(value)
    if _ARN.fullmatch(written) or _QUEUE.fullmatch(written):
        return [written]
    return [host for host, _ in hosts_in(written) if is_outside(host)]


_TURNED = {
    "": lambda value: [value],
    "dns": _dns,
    "split": _split,
    "last": _last,
    "hosts": _hosts,
}


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    return required("jmespath", "aws").compile(expression)


def _search(expression: str, record: object) -> Any:
    """What an expression finds; nothing where the record has another shape than it is made for."""
    try:
        return _compiled(expression).search(record)
    except required("jmespath.exceptions", "aws").JMESPathError:
        return None
