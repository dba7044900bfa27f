"""Models of changes as data: their life cycle, what they need, and what they may do unasked.

The ones shipped are in ``models.toml`` beside this file; the setting ``change_models`` names a file
that adds to them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cmdb.catalogue import Catalogue
from cmdb.catalogue.kinds import CRITICALITIES, ENVIRONMENTS
from cmdb.changes.actions import ACTIONS
from cmdb.changes.policy import CHANGE_TYPES
from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.records.lifecycle import LifeCycle, State, Transition
from cmdb.records.lifecycles import CHANGE_CYCLES, NORMAL_CHANGE
from cmdb.service import Cmdb
from cmdb.toml_file import TomlFile, text_of

PLANS = ("implementation_plan", "backout_plan", "test_plan")
CHECKS = (
    "items", "window", "assessed", "approved", "conflicts", "freeze", "preauthorised", "outcome",
    "reviewed",
)  # fmt: skip
"""The checks that a transition of a model can ask for; see :mod:`cmdb.changes.checks`."""
_STATES: Mapping[str, State] = {state.name: state for state in NORMAL_CHANGE.states}
_STAMPS = {
    "implement": ("work_start",),
    "review": ("work_start", "work_end"),
    "closed": ("closed_at",),
    "canceled": ("closed_at",),
}


@dataclass(frozen=True, slots=True)
class PreAuthorised:
    """What may be changed without asking anybody; an empty set leaves it open.

    ``criticality`` is the highest of the services that may be degraded or taken down by it,
    ``most_items`` how many items one change may work on.
    """

    kinds: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    criticality: str | None = None
    most_items: int | None = None


@dataclass(frozen=True)
class ChangeModel:
    """A model: its type, its life cycle, what it may do unasked, and the plans it begins with."""

    name: str
    type: str
    description: str
    cycle: LifeCycle
    plans: Mapping[str, str]
    preauthorised: PreAuthorised | None = None
    file: str = "models.toml"


def models_of(cmdb: Cmdb) -> dict[str, ChangeModel]:
    """All models by name: those shipped, and those of the file that the settings name.

    Raises :class:`~cmdb.errors.InvalidInput` with all that is wrong with that file.
    """
    path = cmdb.settings.change_models
    found = dict(_shipped(cmdb.catalogue))
    if path is not None:
        found |= read_models(text_of(path), str(path), cmdb.catalogue)
    return found


@cache
def _shipped(catalogue: Catalogue) -> Mapping[str, ChangeModel]:
    text = files("cmdb.changes").joinpath("models.toml").read_text()
    return read_models(text, "models.toml", catalogue)


def model(cmdb: Cmdb, name: str) -> ChangeModel:
    """The model of that name; raises :class:`~cmdb.errors.InvalidInput` with the nearest."""
    known = models_of(cmdb)
    if name not in known:
        hint = did_you_mean(nearest(name, known))
        raise InvalidInput(
            f"There is no model of changes {name!r}{hint} `cmdb change models` lists them."
        )
    return known[name]


def cycle_of(cmdb: Cmdb, properties: Mapping[str, Any]) -> LifeCycle:
    """The life cycle of a change with these properties: its model's, or else its type's."""
    name = properties.get("change_model")
    known = models_of(cmdb) if isinstance(name, str) else {}
    if name in known:
        return known[str(name)].cycle
    return CHANGE_CYCLES[str(properties.get("change_type") or "normal")]


def read_models(text: str, name: str, catalogue: Catalogue) -> dict[str, ChangeModel]:
    """The models in a text. Raises :class:`~cmdb.errors.InvalidInput` with all that is wrong."""
    file = TomlFile(text, name)
    file.known(file.tables, ("model",))
    rows = file.tables.get("model", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        file.wrong("must be tables, each written [[model]]", "model")
        rows = []
    found: dict[str, ChangeModel] = {}
    for number, row in enumerate(rows):
        made = _Reader(file, row, number, catalogue).read()
        if made is not None:
            if made.name in found:
                file.wrong(f"there are two models {made.name!r}", "name", array="model",
                           number=number)  # fmt: skip
            found[made.name] = made
    file.finish(f"{name} has mistakes.")
    return found


_KEYS = ("name", "type", "description", *PLANS, "preauthorised", "states", "transition")


@dataclass(slots=True)
class _Reader:
    file: TomlFile
    row: dict[str, Any]
    number: int
    catalogue: Catalogue

    def wrong(self, message: str, key: str) -> None:
        self.file.wrong(message, key, array="model", number=self.number)

    def text(self, key: str) -> str:
        return self.file.text(self.row, key, array="model", number=self.number)

    def texts(
        self, table: Mapping[str, Any], key: str, choices: Collection[str]
    ) -> tuple[str, ...]:
        return self.file.texts(table, key, tuple(choices), array="model", number=self.number)

    def known(self, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        self.file.known(table, keys, array="model", number=self.number)

    def read(self) -> ChangeModel | None:
        self.known(self.row, _KEYS)
        name, kind = self.text("name"), self.text("type")
        if not name:
            self.wrong("each model needs a name", "name")
        if kind not in CHANGE_TYPES:
            self.wrong(f"must be one of {', '.join(CHANGE_TYPES)}, not {kind!r}", "type")
            return None
        allowed = self._preauthorised()
        if kind == "standard" and allowed is None:
            self.wrong("a standard model says what it may do unasked", "preauthorised")
        plans = {plan: text for plan in PLANS if (text := self.text(plan))}
        return ChangeModel(
            name, kind, self.text("description"), self._cycle(name, kind), plans, allowed,
            self.file.name,
        )  # fmt: skip

    def _preauthorised(self) -> PreAuthorised | None:
        table = self.row.get("preauthorised")
        if table is None:
            return None
        if not isinstance(table, dict):
            self.wrong("must be a table", "preauthorised")
            return None
        self.known(table, ("kinds", "environments", "actions", "criticality", "most_items"))
        criticality, most = table.get("criticality"), table.get("most_items")
        if criticality is not None and criticality not in CRITICALITIES:
            self.wrong(f"must be one of {', '.join(CRITICALITIES)}", "criticality")
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
            self.wrong("must be a number from 1 up", "most_items")
            most = None
        return PreAuthorised(
            self.texts(table, "kinds", self.catalogue.kinds),
            self.texts(table, "environments", ENVIRONMENTS),
            self.texts(table, "actions", ACTIONS),
            criticality,
            most,
        )

    def _cycle(self, name: str, kind: str) -> LifeCycle:
        usual = CHANGE_CYCLES[kind]
        rows = self.row.get("transition")
        names = self.texts(self.row, "states", _STATES)
        if rows is None:
            if names:
                self.wrong("states need transitions: [[model.transition]]", "states")
            return usual
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.wrong("must be tables, each written [[model.transition]]", "transition")
            return usual
        states = names or tuple(_STATES)
        if states[0] != "new":
            self.wrong("the first state must be new", "states")
        made = [t for row in rows if (t := self._transition(row, states)) is not None]
        over = {"closed", "canceled"}
        for state in states:
            if state not in over and not any(t.start == state for t in made):
                self.wrong(f"nothing leads out of {state}", "transition")
            if state != "new" and not any(t.to == state for t in made):
                self.wrong(f"nothing leads to {state}", "transition")
        known = tuple(_STATES[s] for s in states if s in _STATES)
        return LifeCycle(f"change/{name}", "Change", known, tuple(made))

    def _transition(self, row: dict[str, Any], states: tuple[str, ...]) -> Transition | None:
        self.known(row, ("from", "to", "requires", "checks", "roles"))
        start, to = row.get("from"), row.get("to")
        for key, value in (("from", start), ("to", to)):
            if value not in states or value not in _STATES:
                self.wrong(f"must be one of {', '.join(states)}, not {value!r}", key)
                return None
        requires = self.texts(row, "requires", self.catalogue.kind("Change").properties)
        checks = self.texts(row, "checks", CHECKS)
        roles = row.get("roles", [])
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            self.wrong("must be a list of texts", "roles")
            roles = []
        return Transition(
            str(start), str(to), requires, checks, tuple(roles), stamps=_STAMPS.get(str(to), ())
        )
