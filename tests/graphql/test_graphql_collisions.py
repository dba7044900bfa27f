"""Collisions over GraphQL are those of the product."""

from __future__ import annotations

from cmdb.collisions import GivenPlan, collisions
from cmdb.items.value import parse_time
from cmdb.service import Cmdb
from impact import State
from impact.collision_answer import Collisions
from tests.graphql.conftest import Ask
from tests.graphql.shapes import selection, served

START, END = "2026-11-24T22:00:00Z", "2026-11-25T02:00:00Z"


async def test_collisions_are_the_product_s(cmdb: Cmdb, ask: Ask) -> None:
    items = {"a": ["orders-db-1"], "b": ["orders-db-2", "dc1-hv03"], "c": ["dc1-hv03"]}
    data = await ask(
        f"""query($planned: [PlannedFailureInput!]!) {{ collisions(planned: $planned)
            {selection(Collisions, {"as_of"})} }}""",
        planned=[
            {"name": name, "items": named, "start": START, "end": END, "state": "degraded"}
            if name == "c"
            else {"name": name, "items": named, "start": START, "end": END}
            for name, named in items.items()
        ],
    )
    span = parse_time(START), parse_time(END)
    states = {"c": State.DEGRADED}
    found = await collisions(
        cmdb,
        [
            GivenPlan(name, tuple(named), *span, states.get(name, State.DOWN))
            for name, named in items.items()
        ],
    )
    assert data["collisions"] == served(found, {"as_of"})
    assert {c.planned for c in found.collisions} >= {("a", "b"), ("b", "c")}


async def test_a_window_that_ends_first_is_refused(ask_wrongly: Ask) -> None:
    error = await ask_wrongly(
        f"""{{ collisions(planned: [{{name: "a", items: ["dc1-hv03"], start: "{END}",
            end: "{START}"}}]) {{ total }} }}"""
    )
    assert error["extensions"]["code"] == "invalid_input"
    assert "must end after it starts" in error["message"]
