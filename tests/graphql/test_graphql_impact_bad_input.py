"""What can be wrong with a question about impact: the same errors as on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from cmdb.ingest import new_run
from cmdb.items import ItemObservation
from cmdb.items.value import parse_time
from cmdb.service import Cmdb

AMBIGUOUS, UNKNOWN, INVALID = "ambiguous_item", "unknown_item", "invalid_input"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('impact(items: ["dc2-backup1"]) { revision }', AMBIGUOUS),
        ('impact(items: ["dc1-hv05", "dc2-backup1"]) { revision }', AMBIGUOUS),
        ('explain(items: ["dc1-hv05"], item: "dc2-backup1") { state }', AMBIGUOUS),
        ('dependencies(item: "dc2-backup1") { total }', AMBIGUOUS),
        ('path(from: "dc1-hv05", to: "dc2-backup1") { paths { items { id } } }', AMBIGUOUS),
        ('impactComparison(items: ["dc2-backup1"], since: "1") { worse }', AMBIGUOUS),
        ('impact(items: ["dc1-hv55"]) { revision }', UNKNOWN),
        ('dependents(item: "dc1-hv55") { total }', UNKNOWN),
        ('impactComparison(items: ["dc1-hv55"], since: "1") { worse }', UNKNOWN),
        ("impact(items: []) { revision }", INVALID),
        ('impactComparison(items: [], since: "1") { worse }', INVALID),
        ('impact(items: [""]) { revision }', INVALID),
        ('impact(items: ["dc1-hv05"], limit: -1) { revision }', INVALID),
        ('impact(items: ["dc1-hv05"], limit: 100000) { revision }', INVALID),
        ('impact(items: ["dc1-hv05"], offset: -1) { revision }', INVALID),
        ('impact(items: ["dc1-hv05"]) { picture(boxes: 3) { boxes { id } } }', INVALID),
    ],
)
async def test_what_is_wrong_has_its_code(ask_wrongly: Any, query: str, code: str) -> None:
    error = await ask_wrongly(f"{{ {query} }}")
    assert error["extensions"]["code"] == code
    if code == AMBIGUOUS:
        assert len(error["extensions"]["candidates"]) > 1
    if code == UNKNOWN:
        assert "dc1-hv05" in error["extensions"]["suggestions"] or "did you" in error["message"]


async def test_a_retired_item_can_not_fail(cmdb: Cmdb, ask_wrongly: Any) -> None:
    gone = ItemObservation(
        "Server",
        ("serial:GONE1",),
        "tester",
        parse_time("2026-01-01T00:00:00Z"),
        {"name": "gone", "lifecycle_status": "retired"},
    )
    await cmdb.load([gone], [], new_run("tester", actor="tester"), reason="a retired one")
    error = await ask_wrongly('{ impact(items: ["serial:GONE1"]) { revision } }')
    assert error["extensions"]["code"] == INVALID
    assert "is retired and takes no part" in error["message"]
