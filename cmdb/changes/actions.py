"""What is done to the items of a change, and what that does to them, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.items import Item
from impact import State

ACTIONS: Mapping[str, State | None] = MappingProxyType(
    {
        "replace": State.DOWN,
        "restart": State.DOWN,
        "upgrade": State.DOWN,
        "patch": State.DOWN,
        "move": State.DOWN,
        "retire": State.DOWN,
        "configure": State.DEGRADED,
        "deploy": State.DEGRADED,
        "scale": None,
        "create": None,
        "inspect": None,
    }
)
"""What each action makes of its item for the window; None: it serves on."""

DEFAULT_ACTION = "configure"


def action(text: str) -> str:
    """The action that a text names; raises :class:`~cmdb.errors.InvalidInput` with those there
    are."""
    name = text.strip().casefold()
    if name not in ACTIONS:
        hint = did_you_mean(nearest(name, ACTIONS))
        raise InvalidInput(f"There is no action {text!r}{hint} There are {', '.join(ACTIONS)}.")
    return name


def read_actions(text: object) -> dict[str, str]:
    """The actions, by the ids of their items, that a property holds; none for what is no such
    JSON."""
    if not isinstance(text, str):
        return {}
    try:
        found = msgspec.json.decode(text, type=dict[str, str])
    except msgspec.MsgspecError:
        return {}
    return {item: name for item, name in found.items() if name in ACTIONS}


def written_actions(actions: Mapping[str, str]) -> str:
    """The actions as a property holds them."""
    return msgspec.json.encode(dict(sorted(actions.items()))).decode()


def actions_of(change: Item, items: Iterable[Item]) -> dict[str, str]:
    """What a change does to each of these items, by id; imported changes may name the items by
    their identifiers."""
    known = read_actions(change.properties.get("actions"))
    return {item.id: _action(known, item) for item in items}


def _action(known: Mapping[str, str], item: Item) -> str:
    names = (known.get(key) for key in (item.id, *item.identifiers))
    return next((name for name in names if name is not None), DEFAULT_ACTION)


def failures(actions: Mapping[str, str]) -> dict[str, State]:
    """The items that do not serve as usual while the change is made, with their states."""
    states = ((item, ACTIONS[name]) for item, name in actions.items())
    return {item: state for item, state in states if state is not None}
