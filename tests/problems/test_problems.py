"""Problems on both stores: what is proposed, and the rules that problems keep."""

from __future__ import annotations

import pytest

from cmdb.errors import InvalidInput, Refused
from cmdb.incidents.incidents import edit_incident, open_incident
from cmdb.problems.candidates import problem_candidates
from cmdb.problems.problems import edit_problem, open_problem
from cmdb.records.lifecycle import Values
from cmdb.records.records import Edit, linked_items
from cmdb.service import Cmdb
from tests.records.conftest import ADA


async def rows(cmdb: Cmdb, repeated: int = 2) -> list[tuple[str, str, int]]:
    found = await problem_candidates(cmdb, repeated=repeated)
    return [(c.reason, c.name, len(c.incidents)) for c in found.candidates]


async def test_causes_repetitions_and_shared_weak_points_are_proposed(shop: Cmdb) -> None:
    for _ in range(2):
        await open_incident(shop, ADA, "Slow", ["shop"], caused_by=["web"])
    assert await rows(shop) == [("cause", "web", 2)]
    for name in ("shop", "wiki", "shop", "wiki"):
        await open_incident(shop, ADA, "Nobody knows why", [name])
    assert await rows(shop) == [
        ("cause", "web", 2),
        ("repeated", "shop", 2),
        ("repeated", "wiki", 2),
        ("weak_point", "db", 4),
    ]
    assert await rows(shop, repeated=3) == []


async def test_what_was_canceled_or_has_a_problem_is_not_proposed(shop: Cmdb) -> None:
    made = [await open_incident(shop, ADA, "Odd", ["wiki"]) for _ in range(3)]
    assert await rows(shop) == [("repeated", "wiki", 3)]
    canceled = Edit("canceled", {"close_notes": "Mistaken."})
    for incident in made[:2]:
        await edit_incident(shop, incident.id, canceled, ADA)
    assert await rows(shop) == []
    await open_incident(shop, ADA, "Odd", ["wiki"])
    assert await rows(shop) == [("repeated", "wiki", 2)]
    problem = await open_problem(shop, ADA, "The wiki", affects=["wiki"])
    assert await rows(shop) == []
    await edit_problem(shop, problem.id, Edit("assess"), ADA)
    over = {"resolution_code": "canceled", "close_notes": "No."}
    await edit_problem(shop, problem.id, Edit("closed", over), ADA)
    assert await rows(shop) == [("repeated", "wiki", 2)]


async def test_one_incident_is_no_pattern(shop: Cmdb) -> None:
    with pytest.raises(InvalidInput, match="at least 2"):
        await problem_candidates(shop, repeated=1)


async def test_a_problem_of_incidents_is_reactive_and_as_grave_as_they(shop: Cmdb) -> None:
    one = await open_incident(shop, ADA, "Gone", ["web"], values={"urgency": 1})
    made = await open_problem(shop, ADA, "Web", caused_by=["web"], incidents=[one.name])
    assert made.properties["origin"] == "reactive"
    assert made.properties["priority"] == 1
    assert [i.id for i in await linked_items(shop, made.id, "CAUSED_BY")] == [
        (await shop.find("web")).id
    ]
    related = {
        i.id
        for incoming in (False, True)
        for i in await linked_items(shop, made.id, "RELATES_TO", incoming=incoming)
    }
    assert related == {one.id}
    assert (await open_problem(shop, ADA, "May be")).properties["origin"] == "proactive"


async def test_a_known_error_has_a_cause(shop: Cmdb) -> None:
    made = await open_problem(shop, ADA, "Web")
    known: Values = {"known_error": True, "workaround": "Restart."}
    with pytest.raises(InvalidInput, match="set cause_notes"):
        await edit_problem(shop, made.id, Edit(values=known), ADA)
    after = await edit_problem(
        shop, made.id, Edit(values={**known, "cause_notes": "One host."}), ADA
    )
    assert after.properties["known_error"] is True


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        ("assess", "fix_applied", "as duplicate or canceled, not as fix_applied"),
        ("assess", "duplicate", "set duplicate_of"),
        ("root_cause_analysis", "duplicate", "as risk_accepted, not as duplicate"),
        ("fix_in_progress", "fix_applied", "as risk_accepted, not as fix_applied"),
    ],
)
async def test_a_problem_ends_as_its_state_allows(
    shop: Cmdb, state: str, code: str, said: str
) -> None:
    made = await open_problem(shop, ADA, "Web", values={"cause_notes": "One host."})
    for step in ("assess", "root_cause_analysis", "fix_in_progress"):
        await edit_problem(shop, made.id, Edit(step), ADA)
        if step == state:
            break
    before = await shop.revision()
    edit = Edit("closed", {"resolution_code": code, "close_notes": "So."})
    with pytest.raises((Refused, InvalidInput), match=said):
        await edit_problem(shop, made.id, edit, ADA)
    assert await shop.revision() == before


async def test_a_duplicate_names_another_problem(shop: Cmdb) -> None:
    one, other = [await open_problem(shop, ADA, "Web") for _ in range(2)]
    await edit_problem(shop, other.id, Edit("assess"), ADA)
    over = {"resolution_code": "duplicate", "close_notes": "Known."}
    with pytest.raises(InvalidInput, match="of itself"):
        await edit_problem(
            shop, other.id, Edit("closed", {**over, "duplicate_of": other.name}), ADA
        )
    after = await edit_problem(
        shop, other.id, Edit("closed", {**over, "duplicate_of": one.name}), ADA
    )
    assert after.properties["state"] == "closed"
