"""Records that another tool keeps: what people may do to them here, and how they go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cmdb.errors import Refused
from cmdb.incidents.incidents import edit_incident, open_incident, refresh_incident
from cmdb.ingest import Loaded, new_run
from cmdb.items import ItemObservation, LinkObservation, Value
from cmdb.records.records import Edit, linked_items
from cmdb.service import Cmdb
from cmdb.settings import Settings
from tests.records.conftest import ADA

NOW = datetime.now(UTC) - timedelta(hours=2)
SITE = "acme.service-now.com"
THEIRS: dict[str, Value | None] = {
    "name": "INC0010001",
    "number": "INC0010001",
    "correlation_id": "a1",
    "short_description": "Shop is down",
    "state": "in_progress",
    "impact": 2,
    "urgency": 2,
    "priority": 3,
}


def seen(
    minutes: int = 0, complete: tuple[str, ...] = ("AFFECTS", "CHILD_OF"), **said: Value | None
) -> ItemObservation:
    return ItemObservation(
        "Incident",
        (f"key:servicenow/{SITE}/a1", f"key:servicenow/{SITE}/INC0010001"),
        "servicenow",
        NOW + timedelta(minutes=minutes),
        {**THEIRS, **said},
        SITE,
        complete=complete,
    )


def hits(*to_any: str, to_key: str = "", minutes: int = 0) -> LinkObservation:
    return LinkObservation(
        "AFFECTS",
        f"key:servicenow/{SITE}/a1",
        to_key,
        "servicenow",
        NOW + timedelta(minutes=minutes),
        scope=SITE,
        to_any=to_any,
    )


async def load(cmdb: Cmdb, *observations: ItemObservation | LinkObservation) -> Loaded:
    return await cmdb.load_scan("servicenow", f"{SITE}: incident", observations, full_scope=False)


async def servers(cmdb: Cmdb, *names: str) -> None:
    items = [ItemObservation("Server", (f"key:scan/{n}",), "scan", NOW, {"name": n}) for n in names]
    await cmdb.load(items, [], new_run("scan"), reason="scan")


async def affected(cmdb: Cmdb) -> list[str]:
    record = await cmdb.find("INC0010001")
    return [item.name for item in await linked_items(cmdb, record.id, "AFFECTS")]


async def test_what_the_tool_says_is_changed_there_and_the_rest_here(cmdb: Cmdb) -> None:
    await load(cmdb, seen())
    before = await cmdb.revision()
    refused = (
        Edit(to="resolved", values={"close_code": "fixed", "close_notes": "x"}),
        Edit(values={"short_description": "Mine"}),
        Edit(values={"impact": 1}),
    )
    for edit in refused:
        with pytest.raises(Refused, match=r"is kept in servicenow: change its .* there"):
            await edit_incident(cmdb, "INC0010001", edit, ADA)
    assert await cmdb.revision() == before
    await edit_incident(cmdb, "INC0010001", Edit(note="Looked at it"), ADA)
    after = await edit_incident(cmdb, "INC0010001", Edit(values={"category": "network"}), ADA)
    assert after.properties["work_notes"] == ["Looked at it"]
    assert {n: after.properties[n] for n in THEIRS} == THEIRS
    # Looking at what it hits does not turn its priority.
    await servers(cmdb, "web1")
    await load(cmdb, seen(5), hits("web1", minutes=5))
    refreshed = await refresh_incident(cmdb, "INC0010001", ADA)
    assert "analysis" in refreshed.properties
    assert {n: refreshed.properties[n] for n in THEIRS} == THEIRS
    # It goes on as the tool says, by whatever way.
    await load(cmdb, seen(9, state="new"))
    assert (await cmdb.find("INC0010001")).properties["state"] == "new"


async def test_a_parent_of_ours_leaves_their_child_to_them(cmdb: Cmdb) -> None:
    parent = await open_incident(cmdb, ADA, "All is down")
    key = "key:operator/INC0000001"
    child = LinkObservation("CHILD_OF", f"key:servicenow/{SITE}/a1", key, "servicenow", NOW)
    await load(cmdb, seen(), child)
    said: dict[str, Value | None] = {"close_code": "fixed", "close_notes": "done"}
    await edit_incident(cmdb, parent.id, Edit(to="resolved", values=said), ADA)
    assert (await cmdb.find("INC0010001")).properties["state"] == "in_progress"


async def test_once_the_tool_is_given_up_its_records_are_ours(cmdb: Cmdb) -> None:
    await load(cmdb, seen())
    ours = Cmdb(cmdb.store, cmdb.catalogue, Settings(record_sources=(), cache_folder=None))
    said: dict[str, Value | None] = {"close_code": "fixed", "close_notes": "done"}
    after = await edit_incident(ours, "INC0010001", Edit(to="resolved", values=said), ADA)
    assert after.properties["state"] == "resolved"


async def test_numbers_of_another_tool_are_not_followed_and_never_met(cmdb: Cmdb) -> None:
    await load(cmdb, seen(name="INC0000001", number="INC0000001"))
    ours = await open_incident(cmdb, ADA, "Ours")
    assert ours.name == "INC0000001"
    theirs = await cmdb.find(f"key:servicenow/{SITE}/a1")
    assert theirs.id != ours.id
    assert (await open_incident(cmdb, ADA, "Next")).name == "INC0000002"


async def test_links_follow_what_is_said_and_only_what_is_complete_is_taken_back(
    cmdb: Cmdb,
) -> None:
    await servers(cmdb, "web1", "web2")
    await load(cmdb, seen(), hits("web1"))
    record = await cmdb.find("INC0010001")
    web2 = await cmdb.find("web2")
    await edit_incident(cmdb, record.id, Edit(link=[("AFFECTS", web2.id)]), ADA)
    assert await affected(cmdb) == ["web1", "web2"]
    await load(cmdb, seen(5, complete=()))
    assert await affected(cmdb) == ["web1", "web2"]
    before = await cmdb.revision()
    await load(cmdb, seen(6))  # the tool names none any more; ours stays
    assert await affected(cmdb) == ["web2"]
    assert await cmdb.revision() == before + 1
    await load(cmdb, seen(7))
    assert await cmdb.revision() == before + 1
    await load(cmdb, seen(8), hits("web1", minutes=8))
    assert await affected(cmdb) == ["web1", "web2"]


async def test_a_name_leads_to_one_item_or_nowhere(cmdb: Cmdb) -> None:
    await servers(cmdb, "web1")
    twin = ItemObservation("VirtualMachine", ("key:scan/twin",), "scan", NOW, {"name": "web1"})
    await cmdb.load([twin], [], new_run("scan"), reason="scan")
    loaded = await load(cmdb, seen(), hits("web1"), hits("INC0010001"), hits("nobody"))
    assert [link.to_any for link in loaded.unbound] == [("web1",), ("INC0010001",), ("nobody",)]
    assert await affected(cmdb) == []
    assert (await cmdb.store.info()).waiting == 0
    # With an identifier beside the name it waits for its item, until the tool names another.
    loaded = await load(cmdb, seen(5), hits("fqdn:a.example.org", to_key="fqdn:a.example.org"))
    assert (await cmdb.store.info()).waiting == 1
    await load(cmdb, seen(6), hits("key:scan/twin", minutes=6))
    assert (await cmdb.store.info()).waiting == 0
    assert await affected(cmdb) == ["web1"]
