"""Models and policies from files: what they do, and every mistake by file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from cmdb.catalogue import builtin
from cmdb.changes.changes import edit_change, start_change, submit_change
from cmdb.changes.checks import CHECKS
from cmdb.changes.models import CHECKS as NAMED
from cmdb.changes.models import models_of, read_models
from cmdb.changes.policy import CHANGE_TYPES, RISKS, read_policy, shipped_policy
from cmdb.changes.view import Conflict, ConflictType
from cmdb.errors import IllegalTransition, InvalidInput, Refused
from cmdb.records.actor import Actor
from cmdb.records.lifecycles import CHANGE_CYCLES
from cmdb.records.records import Edit
from cmdb.service import Cmdb
from tests.changes.conftest import ASKER, MANAGER, planned

SHORT = """
[[model]]
name = "data-fix"
type = "normal"
states = ["new", "implement", "review", "closed", "canceled"]

[[model.transition]]
from = "new"
to = "implement"
requires = ["implementation_plan"]
checks = ["items"]
roles = ["change_manager"]

[[model.transition]]
from = "implement"
to = "review"

[[model.transition]]
from = "review"
to = "closed"

[[model.transition]]
from = "new"
to = "canceled"
"""


def test_every_check_that_a_life_cycle_or_model_can_name_is_there() -> None:
    assert set(NAMED) == CHECKS.keys()
    named = {c for cycle in CHANGE_CYCLES.values() for t in cycle.transitions for c in t.checks}
    assert named <= CHECKS.keys()


def test_the_shipped_policy_has_a_word_for_every_change() -> None:
    policy = shipped_policy()
    for change_type in CHANGE_TYPES:
        for score in (0, policy.moderate, policy.high, 100):
            ruling = policy.rule_on(change_type, score, [], 0)
            assert ruling.risk in RISKS
            assert ruling.rule
    assert policy.rule_on("normal", 0, [], 0).authorities == ("policy",)
    assert policy.rule_on("normal", 0, [], 1).authorities == ("peer",)
    in_the_way = [Conflict("blackout", "MWN0000001", "Stop.")]
    assert policy.rule_on("normal", 0, in_the_way, 0).ruling == "held"
    assert policy.rule_on("normal", 25, [], 0).authorities == ("peer", "owner")
    assert policy.rule_on("normal", 50, [], 0).authorities == ("owner", "cab")
    assert policy.rule_on("emergency", 100, [], 9).is_after
    assert policy.block <= set(get_args(ConflictType))


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("[risk]\nmoderat = 3\n", 2, "moderat", "did you mean moderate"),
        ("[risk]\nmoderate = 60\nhigh = 50\n", 3, "risk.high", "must not be below"),
        ("[risk]\nhigh = 101\n", 2, "risk.high", "from 0 to 100"),
        ("[risk]\nhigh = true\n", 2, "risk.high", "from 0 to 100"),
        ('[conflicts]\nblock = ["frost"]\n', 2, "block", "can't be 'frost'"),
        ('[[rule]]\nname = "a"\n', 1, "authorities", "whose word"),
        ('[[rule]]\nname = "a"\nauthorities = ["king"]\n', 3, "authorities", "can't be 'king'"),
        ('[[rule]]\nname="a"\nauthorities=[]\n[[rule]]\nname="b"\nauthorities=[]\nafter=1\n',
         7, "after", "true or false"),
        ('[[rule]]\nname="a"\nauthorities=["policy"]\n[rule.policy]\nservices_down=-1\n',
         5, "services_down", "a number from 0 up"),
        ('[[rule]]\nname="a"\nauthorities=[]\ntypes=["standard"]\n', None, "rule", "no rule fits"),
    ],
)  # fmt: skip
def test_a_policy_says_what_is_wrong_and_where(
    text: str, line: int | None, key: str, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_policy(text, "mine.toml")
    found = [(p.file, p.field) for p in refused.value.problems]
    assert ("mine.toml", key) in found
    (problem, *_) = (p for p in refused.value.problems if p.field == key and said in p.message)
    if line is not None:
        assert problem.line == line


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ('[[model]]\nname = "a"\ntype = "odd"\n', 3, "type", "must be one of"),
        ('[[model]]\ntype = "normal"\n', 1, "name", "needs a name"),
        ('[[model]]\nname="a"\ntype="normal"\ncolour="red"\n', 4, "colour", "is no key"),
        ('[[model]]\nname="a"\ntype="standard"\n', 1, "preauthorised", "may do unasked"),
        ('[[model]]\nname="a"\ntype="normal"\n[[model]]\nname="a"\ntype="normal"\n',
         5, "name", "two models 'a'"),
        ('[[model]]\nname="a"\ntype="standard"\n[model.preauthorised]\nkinds=["Sever"]\n',
         5, "kinds", "did you mean Server"),
        ('[[model]]\nname="a"\ntype="standard"\n[model.preauthorised]\nmost_items=0\n',
         5, "most_items", "from 1 up"),
        (SHORT.replace('"items"', '"itms"'), 11, "checks", "did you mean items"),
        (SHORT.replace('"implementation_plan"', '"plan"'), 10, "requires", "can't be 'plan'"),
        (SHORT.replace('to = "canceled"', 'to = "gone"'), None, "to", "must be one of"),
        (SHORT.replace('from = "review"', 'from = "new"'), None, "transition", "out of review"),
        ("[[model]", 1, None, "is no TOML"),
    ],
)  # fmt: skip
def test_a_model_says_what_is_wrong_and_where(
    text: str, line: int | None, key: str | None, said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_models(text, "mine.toml", builtin())
    problem = next(p for p in refused.value.problems if p.field == key and said in p.message)
    assert problem.file == "mine.toml"
    if line is not None:
        assert problem.line == line


async def test_a_model_of_ones_own_has_its_own_life_cycle_and_roles(
    shop: Cmdb, tmp_path: Path
) -> None:
    path = tmp_path / "models.toml"
    path.write_text(SHORT)
    shop.settings = shop.settings.model_copy(update={"change_models": path})
    assert {"data-fix", "normal", "restart-one-server"} <= models_of(shop).keys()
    made = await planned(shop, "spare", change_model="data-fix")
    with pytest.raises(InvalidInput, match="has no state 'assess'"):
        await edit_change(shop, made.id, Edit("assess"), ASKER)
    with pytest.raises(IllegalTransition, match="it can go to implement, canceled"):
        await edit_change(shop, made.id, Edit("review"), ASKER)
    with pytest.raises(Refused, match="role change_manager"):
        await edit_change(shop, made.id, Edit("implement"), ASKER)
    made = await start_change(shop, made.id, MANAGER)
    assert made.properties["work_start"]
    made = await edit_change(shop, made.id, Edit("review"), Actor("anybody"))
    assert made.properties["work_end"]


async def test_a_file_that_is_wrong_changes_nothing(shop: Cmdb, tmp_path: Path) -> None:
    made = await planned(shop, "spare")
    path = tmp_path / "policy.toml"
    path.write_text("[risk]\nhigh = 200\n")
    shop.settings = shop.settings.model_copy(update={"change_policy": path})
    before = await shop.revision()
    with pytest.raises(InvalidInput, match="is no policy"):
        await submit_change(shop, made.id, ASKER)
    shop.settings = shop.settings.model_copy(update={"change_policy": tmp_path / "none.toml"})
    with pytest.raises(InvalidInput, match="can't be read"):
        await submit_change(shop, made.id, ASKER)
    assert (await shop.store.items([made.id]))[made.id].revision == made.revision
    assert await shop.revision() == before
