"""The risk policy: which authorities must agree to which changes, as data.

The one shipped is ``policy.toml`` beside this file; the setting ``change_policy`` names another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from cmdb.changes.view import Conflict, ConflictType, PolicyRuling, RiskClass
from cmdb.service import Cmdb
from cmdb.toml_file import TomlFile, text_of

AUTHORITIES = ("policy", "peer", "owner", "cab", "manager")
CHANGE_TYPES = ("standard", "normal", "emergency")
RISKS: tuple[RiskClass, ...] = get_args(RiskClass)
CONFLICTS: tuple[ConflictType, ...] = get_args(ConflictType)
_CONDITIONS = ("conflicts", "services_down", "risk_score")


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose word the changes of some types and risks take.

    ``conflicts``, ``services_down`` and ``risk_score`` are what the authority ``policy`` wants
    before it agrees; where it does not, the word of ``otherwise`` is needed.
    """

    name: str
    types: tuple[str, ...]
    risks: tuple[str, ...]
    authorities: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    is_after: bool = False
    conflicts: bool = True
    services_down: int | None = None
    risk_score: float | None = None

    def fits(self, change_type: str, risk: str) -> bool:
        """Whether it is about such a change."""
        of_type = not self.types or change_type in self.types
        return of_type and (not self.risks or risk in self.risks)

    def against(
        self, score: float, conflicts: Collection[Conflict], services_down: int
    ) -> tuple[str, ...]:
        """Why the policy does not agree by itself; nothing where it does."""
        said = []
        if conflicts and not self.conflicts:
            said.append(f"it is in the way of others, or others in its way ({len(conflicts)})")
        if self.services_down is not None and services_down > self.services_down:
            said.append(f"it takes {services_down} services down, above {self.services_down}")
        if self.risk_score is not None and score > self.risk_score:
            said.append(f"its risk {score:g} is above {self.risk_score:g}")
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules, the first that fits holding, with the scores that make a risk moderate or high."""

    rules: tuple[Rule, ...]
    moderate: float
    high: float
    block: frozenset[str]

    def risk(self, score: float) -> RiskClass:
        """The class of a score."""
        return "high" if score >= self.high else "moderate" if score >= self.moderate else "low"

    def rule_on(
        self,
        change_type: str,
        score: float,
        conflicts: Sequence[Conflict],
        services_down: int,
    ) -> PolicyRuling:
        """What must happen before such a change may be made."""
        risk = self.risk(score)
        rule = next(rule for rule in self.rules if rule.fits(change_type, risk))
        authorities, reasons = rule.authorities, [f"rule {rule.name}: {change_type}, {risk} risk"]
        if "policy" in authorities:
            against = rule.against(score, conflicts, services_down)
            if against:
                kept = (a for a in authorities if a != "policy")
                authorities = tuple(dict.fromkeys((*kept, *rule.otherwise)))
            reasons += against
        is_held = bool(set(authorities) - {"policy"}) and not rule.is_after
        return PolicyRuling(
            ruling="held" if is_held else "approved",
            rule=rule.name,
            authorities=authorities,
            is_after=rule.is_after,
            reasons=tuple(reasons),
            risk=risk,
            risk_score=score,
            change_type=change_type,
            conflicts=tuple(dict.fromkeys(c.type for c in conflicts)),
            services_down=services_down,
        )


def policy_of(cmdb: Cmdb) -> Policy:
    """The policy that the settings name, or the one shipped.

    Raises :class:`~cmdb.errors.InvalidInput` with all that is wrong with the file.
    """
    path = cmdb.settings.change_policy
    return shipped_policy() if path is None else read_policy(text_of(path), str(path))


@cache
def shipped_policy() -> Policy:
    """The policy that comes with the product."""
    return read_policy(files("cmdb.changes").joinpath("policy.toml").read_text(), "policy.toml")


def read_policy(text: str, name: str | Path) -> Policy:
    """The policy in a text. Raises :class:`~cmdb.errors.InvalidInput` with all that is wrong."""
    file = TomlFile(text, str(name))
    file.known(file.tables, ("risk", "conflicts", "rule"))
    risk = _table(file, file.tables, "risk")
    file.known(risk, ("moderate", "high"))
    moderate, high = _score(file, risk, "moderate", 25), _score(file, risk, "high", 50)
    if high < moderate:
        file.wrong("must not be below risk.moderate", "risk.high")
    conflicts = _table(file, file.tables, "conflicts")
    file.known(conflicts, ("block",))
    block = frozenset(file.texts(conflicts, "block", CONFLICTS))
    rows = file.tables.get("rule", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        file.wrong("must be tables, each written [[rule]]", "rule")
        rows = []
    rules = tuple(_rule(file, row, number) for number, row in enumerate(rows))
    for change_type in CHANGE_TYPES:
        for level in RISKS:
            if not any(rule.fits(change_type, level) for rule in rules):
                file.wrong(f"no rule fits {change_type} changes of {level} risk", "rule")
    file.finish(f"{name} is no policy.")
    return Policy(rules, moderate, high, block)


def _table(file: TomlFile, parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key, {})
    if not isinstance(value, dict):
        file.wrong("must be a table", key)
        return {}
    return value


def _score(file: TomlFile, risk: dict[str, Any], key: str, usual: float) -> float:
    value = risk.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        file.wrong(f"must be a score from 0 to 100, not {value!r}", f"risk.{key}")
        return usual
    return float(value)


def _rule(file: TomlFile, row: dict[str, Any], number: int) -> Rule:
    def wrong(message: str, key: str) -> None:
        file.wrong(message, key, array="rule", number=number)

    def texts(key: str, choices: Sequence[str]) -> tuple[str, ...]:
        return file.texts(row, key, choices, array="rule", number=number)

    keys = ("name", "types", "risk", "authorities", "otherwise", "after", "policy")
    file.known(row, keys, array="rule", number=number)
    name = file.text(row, "name", array="rule", number=number)
    if not name:
        wrong("each rule needs a name", "name")
    if "authorities" not in row:
        wrong("each rule says whose word it takes; [] is nobody's", "authorities")
    after = row.get("after", False)
    if not isinstance(after, bool):
        wrong("must be true or false", "after")
    authorities, otherwise = texts("authorities", AUTHORITIES), texts("otherwise", AUTHORITIES[1:])
    wanted = _wanted(file, row, number)
    if wanted and not otherwise:
        wrong("needs authorities for where what the policy wants is not so", "otherwise")
    return Rule(
        name,
        texts("types", CHANGE_TYPES),
        texts("risk", RISKS),
        authorities,
        otherwise,
        after is True,
        wanted.get("conflicts", True) is True,
        wanted.get("services_down"),
        wanted.get("risk_score"),
    )


def _wanted(file: TomlFile, row: dict[str, Any], number: int) -> dict[str, Any]:
    """What the policy wants before it agrees by itself; without what is wrong."""

    def wrong(message: str, key: str) -> None:
        file.wrong(message, key, array="rule", number=number)

    wanted = row.get("policy", {})
    if not isinstance(wanted, dict):
        wrong("must be a table", "policy")
        return {}
    file.known(wanted, _CONDITIONS, array="rule", number=number)
    if not isinstance(wanted.get("conflicts", True), bool):
        wrong("must be true or false", "conflicts")
    for key in ("services_down", "risk_score"):
        value = wanted.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            wrong("must be a number from 0 up", key)
            wanted = {n: v for n, v in wanted.items() if n != key}
    return wanted
