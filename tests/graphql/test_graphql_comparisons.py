"""Answers compared over GraphQL are those of the product, and page like all others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cmdb.analysis import compare_restoration_since
from cmdb.causes import GivenAlert, compare_causes_since
from cmdb.change_assessment import ChangeAssessmentComparison, compare_assessment_since
from cmdb.collisions import GivenPlan, compare_collisions_since
from cmdb.items.value import parse_time
from cmdb.plans.read import plan_of
from cmdb.service import Cmdb
from cmdb.suspects import compare_suspects_since
from cmdb.viewpoint import Viewpoint
from cmdb.weak_points import compare_cut_pairs_since, compare_rankings_since
from cmdb.what_if import WhatIf
from impact.difference import AnswerComparison
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served
from tests.plans.plan_files import every_action

START, END = "2026-11-24T22:00:00Z", "2026-11-25T02:00:00Z"
LINES = '{"remove": {"item": "orders-db-2"}}'
PLANS = [GivenPlan(n, (i,), parse_time(START), parse_time(END)) for n, i in
         (("a", "orders-db-1"), ("b", "orders-db-2"))]  # fmt: skip
PLANNED = ", ".join(
    f'{{name: "{p.name}", items: ["{p.items[0]}"], start: "{START}", end: "{END}"}}' for p in PLANS
)
SINCE = parse_time("2026-01-01")

Compare = Callable[..., Awaitable[AnswerComparison]]

ROOTS: dict[str, tuple[str, Compare]] = {
    "causesComparison": (
        'alerts: [{item: "orders@production"}, {item: "checkout@production"}], since: "$since"',
        lambda cmdb, since, view, **page: compare_causes_since(
            cmdb,
            [GivenAlert("orders@production"), GivenAlert("checkout@production")],
            since,
            view,
            **page,
        ),
    ),
    "suspectsComparison": (
        'items: ["orders@production"], compare: "$since", since: "2026-01-01T00:00:00Z"',
        lambda cmdb, since, view, **page: compare_suspects_since(
            cmdb, ["orders@production"], since, view, since=SINCE, **page
        ),
    ),
    "restorationOrderComparison": (
        'items: ["orders-db-1", "orders-db-2"], since: "$since"',
        lambda cmdb, since, view, **page: compare_restoration_since(
            cmdb, ["orders-db-1", "orders-db-2"], since, view=view, **page
        ),
    ),
    "weakPointPairsComparison": (
        'item: "orders@production", since: "$since"',
        lambda cmdb, since, view, **page: compare_cut_pairs_since(
            cmdb, "orders@production", since, view, **page
        ),
    ),
    "estateWeakPointsComparison": (
        'since: "$since"',
        compare_rankings_since,
    ),
    "collisionsComparison": (
        f'planned: [{PLANNED}], since: "$since"',
        lambda cmdb, since, view, **page: compare_collisions_since(
            cmdb, PLANS, since, view, **page
        ),
    ),
}
APART = {"as_of", "before_as_of"}


@pytest.mark.parametrize("root", ROOTS)
async def test_an_answer_is_compared(cmdb: Cmdb, ask: Ask, root: str) -> None:
    arguments, compare = ROOTS[root]
    asked = arguments.replace("$since", "1")
    rows = selection(AnswerComparison, APART)
    data = await ask(f"{{ {root}({asked}, limit: 2, offset: 1) {rows} }}")
    found = await compare(cmdb, "1", Viewpoint(), limit=2, offset=1)
    assert found.before_revision == 1
    assert found.counts.new + found.counts.gone > 0
    if root not in {"causesComparison", "suspectsComparison"}:  # they end now, which is another now
        assert data[root] == served(found, APART)
    assert data[root]["counts"] == served(found, APART)["counts"]


@pytest.mark.parametrize("root", [root for root in ROOTS if root != "suspectsComparison"])
async def test_an_answer_is_compared_with_what_is_supposed(cmdb: Cmdb, ask: Ask, root: str) -> None:
    arguments, compare = ROOTS[root]
    asked = arguments.replace("$since", "now")
    data = await ask(
        f"query($lines: String) {{ {root}({asked}, whatIf: $lines) "
        "{ beforeRevision revision counts { new gone changed } "
        "new { items { id item { status } } } gone { items { item { status } } } } }",
        lines=LINES,
    )
    found = await compare(cmdb, "now", Viewpoint(what_if=WhatIf(LINES.encode())))
    counts = data[root]["counts"]
    assert counts == {n: getattr(found.counts, n) for n in ("new", "gone", "changed")}
    assert sum(counts.values()) > 0
    assert data[root]["beforeRevision"] == data[root]["revision"]


async def test_a_plan_is_compared(cmdb: Cmdb, ask: Ask) -> None:
    apart = {"as_of", "before_as_of"}
    data: dict[str, Any] = await ask(
        f"""query($plan: JSON!) {{ changeAssessmentComparison(
            plan: $plan, since: "1", start: "{START}", end: "{END}", planned: [{PLANNED}])
            {selection(ChangeAssessmentComparison, apart)} }}""",
        plan=every_action(),
    )
    found = await compare_assessment_since(
        cmdb,
        plan_of(every_action(), "plan"),
        "1",
        start=parse_time(START),
        end=parse_time(END),
        planned=PLANS,
        limit=1000,
    )
    assert found.impact is not None
    assert found.impact.changes
    assert data["changeAssessmentComparison"] == served(found, apart)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ('estateWeakPointsComparison(since: "2099-01-01") { revision }', "has not come yet"),
        ('weakPoints(item: "orders@production", at: "2099-01-01") { revision }', "not come yet"),
        ('weakPoints(item: "orders@production", offset: -1) { revision }', "must be 0 or more"),
        ('causesComparison(alerts: [], since: "1") { revision }', "at least one item that alerts"),
        ('suspects(items: ["orders-db-1"], until: "2099-01-01") { total }', "not come yet"),
        ('suspectsComparison(items: [], compare: "1") { revision }', "at least one item that is"),
        ('restorationOrderComparison(items: [], since: "1") { revision }', "item that fails"),
        ('weakPointPairsComparison(item: "nobody", since: "1") { revision }', "nobody"),
        (
            f'changeAssessment(plan: "{{}}", planned: [{PLANNED}]) {{ revision }}',
            "plan is no plan",
        ),
        (
            f'risk(items: ["orders-db-1"], start: "{END}", end: "{START}") {{ total }}',
            "must end after it starts",
        ),
    ],
)
async def test_what_can_not_be_compared_is_said(ask_wrongly: Any, query: str, said: str) -> None:
    error = await ask_wrongly(f"{{ {query} }}")
    assert said in error["message"]
