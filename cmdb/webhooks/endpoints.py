"""Whom to tell of what: endpoints as a TOML file declares them.

[chat]
url = "https://chat.example.org/hooks/cmdb"
secret = "whsec_…"
events = ["record", "service_state"]
kinds = ["Incident", "Change"]
priorities = [1, 2]
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, Problem
from cmdb.given import text_of
from cmdb.webhooks.signature import secret_bytes

EventType = Literal["revision", "item", "record", "service_state"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One receiver. ``events`` are what it is told of; every filter that is given must hold.

    ``revision``: each revision, without filters. ``item``: edits of configuration items of
    ``kinds``, of ``properties`` (none: any). ``record``: records of ``kinds`` that are opened or
    change their state, to one of ``states``, with one of ``priorities``. ``service_state``:
    services whose state under what open incidents affect has changed, to one of ``states``.
    """

    url: str
    events: tuple[EventType, ...]
    secret: str | None = None
    kinds: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    priorities: tuple[int, ...] = ()
    name: str = ""


def read_endpoints(path: Path, catalogue: Catalogue) -> dict[str, Endpoint]:
    """The endpoints in a file, by name; raises :class:`~cmdb.errors.InvalidInput` with all that is
    wrong with them. No secret is repeated."""
    try:
        tables = tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is no TOML: {error}.") from None
    found: dict[str, Endpoint] = {}
    problems: list[Problem] = []
    for name, table in tables.items():
        try:
            endpoint = msgspec.convert(table, Endpoint)
            _check(name, endpoint, catalogue)
        except (msgspec.ValidationError, ValueError) as error:
            problems.append(Problem(str(error), str(path), field=name))
        else:
            found[name] = msgspec.structs.replace(endpoint, name=name)
    if problems:
        raise InvalidInput("The webhooks can't be used.", problems)
    return found


def _check(name: str, endpoint: Endpoint, catalogue: Catalogue) -> None:
    if not _NAME.match(name):
        raise ValueError("an endpoint's name is small letters, digits, - and _")
    parts = urlsplit(endpoint.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("url must be an address such as https://chat.example.org/hook")
    if not endpoint.events:
        raise ValueError("events must name revision, item, record or service_state")
    if endpoint.secret == "":
        raise ValueError("secret is empty; leave it out to send without a signature")
    if endpoint.secret is not None:
        secret_bytes(endpoint.secret)
    unknown = [kind for kind in endpoint.kinds if kind not in catalogue.kinds]
    if unknown:
        raise ValueError(f"there is no kind {unknown[0]!r}; `cmdb kinds` lists them")
