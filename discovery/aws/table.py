"""The calls that are made and what becomes of their answers: ``calls.toml`` beside this file."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from discovery.terraform.mapping import Additions, Mappings, mappings_with


class Made(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A resource that a record becomes.

    ``values`` are expressions (JMESPath) by attribute, a word and a colon before one says what is
    done with what it finds (:mod:`discovery.aws.records`). ``arn`` is the part of its ARN behind
    the partition, with ``{region}``, ``{account}`` and fields of the record. ``when`` is an
    expression that must hold. ``key`` are the attributes that tell those without an id apart.
    """

    type: str
    values: dict[str, str]
    arn: str = ""
    when: str = ""
    key: tuple[str, ...] = ()


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operation of a service, and ``items``, the expression that finds records in its answers.

    ``each``: it is made for every record of that call, with ``arguments`` found in it; such a
    record is ``parent`` of those found. ``gather``: arguments that take what is found in up to
    ``size`` records at once. ``once``: the answer is the same in every region. ``tags`` is where a
    record has its tags; with ``tags_of`` they are those of the resource with that ARN.
    """

    name: str
    service: str
    operation: str
    items: str
    each: str = ""
    arguments: dict[str, str] = {}
    literal: dict[str, Any] = {}
    gather: dict[str, str] = {}
    size: int = 1
    once: bool = False
    tags: str = ""
    tags_of: str = ""
    make: tuple[Made, ...] = ()


class _Calls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    call: tuple[Call, ...]


@lru_cache(maxsize=1)
def calls() -> tuple[Call, ...]:
    """All calls, parents before those that follow them."""
    return msgspec.convert(_table("calls.toml"), _Calls).call


@lru_cache(maxsize=1)
def aws_mappings() -> Mappings:
    """What the types mean: as in states, and what accounts tell beyond that."""
    return mappings_with(msgspec.convert(_table("additions.toml"), Additions))


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("discovery.aws").joinpath(name).read_text("utf-8"))
