"""A NetBox over real HTTP: what becomes of its objects, in both versions of its shapes."""

from __future__ import annotations

import pytest

from cmdb.errors import InvalidSettings, RemoteUnavailable
from cmdb.items import ItemObservation, LinkObservation
from discovery.netbox import SCANNER, NetboxSettings
from discovery.run import ScanResult, run_scan
from discovery.setting_values import Secret
from tests.discovery.netbox.api import NEW_TOKEN, TOKEN, netbox, settings
from tests.discovery.netbox.estate import SECRET, choice, lists

VERSIONS = pytest.mark.parametrize("version", ["3.6.9", "4.2.3"])


async def scanned(version: str, **given: object) -> ScanResult:
    with netbox(lists(version), version) as api:
        return await run_scan(SCANNER, settings(api.url, page_size=2, **given))


def items(found: ScanResult) -> dict[str, ItemObservation]:
    return {
        str(o.properties["name"]): o for o in found.observations if isinstance(o, ItemObservation)
    }


def links(found: ScanResult, *relations: str) -> set[tuple[str, str, str]]:
    name = {k: n for n, item in items(found).items() for k in item.identifiers}
    return {
        (name[o.from_key], o.relation, name[o.to_key])
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation in relations
    }


@VERSIONS
async def test_hosts_are_known_by_what_other_sources_see(version: str) -> None:
    found = items(await scanned(version))
    kinds = {name: found[name].kind for name in ("sw1", "sw2", "web1", "vm1", "pdu-a", "stack")}
    assert kinds == {
        "sw1": "NetworkDevice", "sw2": "NetworkDevice", "web1": "Server",
        "vm1": "VirtualMachine", "pdu-a": "PowerFeed", "stack": "Cluster",
    }  # fmt: skip
    assert found["web1"].identifiers[1:] == (
        "serial:WEB-1", "mac:02:00:00:00:03:01", "fqdn:web1.example.org", "ip:default/10.0.0.11",
    )  # fmt: skip
    # The address that two switches take turns with is neither's own.
    assert found["sw1"].identifiers[1:] == ("serial:SW-1",)
    assert found["vm1"].identifiers[1:] == ("mac:02:00:00:00:07:01", "ip:default/10.0.0.50")
    assert found["vm1"].properties["lifecycle_status"] == "planned"
    assert found["vm1"].properties["memory"] == 4 * 1024**3
    assert found["sw1"].properties["network_role"] == "access"
    assert "panel" not in found


@VERSIONS
async def test_cables_lead_through_panels_to_hosts(version: str) -> None:
    found = await scanned(version)
    assert links(found, "LINKED_TO") == {
        ("sw1", "LINKED_TO", "sw2"),
        ("sw1", "LINKED_TO", "web1"),
    }
    (cable,) = [
        o.evidence
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation == "LINKED_TO" and o.to_key.endswith("/3")
    ]
    assert cable == "sw1 xe-0/0/2 - web1 eth0 (a cable in NetBox)"
    assert links(found, "DEPENDS_ON") == {("sw2", "DEPENDS_ON", "Carrier C1")}


@VERSIONS
async def test_power_leads_from_supplies_to_the_panel(version: str) -> None:
    found = await scanned(version)
    assert links(found, "POWERED_BY") == {
        ("web1", "POWERED_BY", "pdu-a"),
        ("web1", "POWERED_BY", "P1 F-B"),
        ("pdu-a", "POWERED_BY", "P1 F-A"),
        ("P1 F-A", "POWERED_BY", "Antwerp P1"),
        ("P1 F-B", "POWERED_BY", "Antwerp P1"),
    }
    assert items(found)["P1 F-A"].properties["capacity"] == pytest.approx(12.75)


@VERSIONS
async def test_places_owners_and_groups(version: str) -> None:
    found = await scanned(version)
    assert links(found, "LOCATED_IN") >= {
        ("Antwerp", "LOCATED_IN", "Flanders"),
        ("Antwerp R1", "LOCATED_IN", "Antwerp"),
        ("web1", "LOCATED_IN", "Antwerp R1"),
        ("pdu-a", "LOCATED_IN", "Antwerp R1"),
        ("10.0.0.0/24", "LOCATED_IN", "Antwerp"),
    }
    assert links(found, "OWNED_BY", "SUPPORTED_BY") == {
        ("web1", "OWNED_BY", "Shop"),
        ("vm1", "OWNED_BY", "Shop"),
        ("10.0.0.0/24", "OWNED_BY", "Shop"),
        ("Carrier C1", "SUPPORTED_BY", "Carrier"),
        ("Antwerp", "SUPPORTED_BY", "Ada"),
    }
    assert links(found, "MEMBER_OF", "RUNS_ON") == {
        ("sw1", "MEMBER_OF", "stack"),
        ("sw2", "MEMBER_OF", "stack"),
        ("web1", "MEMBER_OF", "shop-hv"),
        ("vm1", "RUNS_ON", "shop-hv"),
    }
    assert found.full_scope
    assert found.scope.startswith("netbox/127.0.0.1:")


async def test_both_versions_say_the_same() -> None:
    one, other = await scanned("3.6.9"), await scanned("4.2.3")

    def told(found: ScanResult) -> list[object]:
        return [
            (o.kind, o.properties) if isinstance(o, ItemObservation) else (o.relation, o.evidence)
            for o in found.observations
        ]

    assert told(one) == told(other)


async def test_what_is_refused_is_named_and_the_rest_is_in() -> None:
    with netbox(lists("4.2.3")) as api:
        api.denied = {"dcim/power-feeds", "tenancy/contacts"}
        found = await run_scan(SCANNER, settings(api.url))
    assert sorted(found.errors) == [
        f"contacts: {api.url[7:]} answered 403 Forbidden: the account may not read this.",
        f"power feeds: {api.url[7:]} answered 403 Forbidden: the account may not read this.",
    ]
    assert not found.full_scope
    assert ("web1", "POWERED_BY", "pdu-a") in links(found, "POWERED_BY")


async def test_sites_and_statuses_can_be_chosen() -> None:
    rows = lists("4.2.3")
    rows["dcim/devices"][1]["status"] = choice("planned")
    with netbox(rows) as api:
        active = await run_scan(SCANNER, settings(api.url, statuses=("active",)))
        nowhere = await run_scan(SCANNER, settings(api.url, sites=("ghent",)))
    assert {"sw1", "web1"} <= items(active).keys()
    assert "sw2" not in items(active)
    assert active.scope.endswith("/status=active")
    assert "web1" not in items(nowhere)
    assert links(nowhere, "LOCATED_IN") == {("Antwerp", "LOCATED_IN", "Flanders"),
                                            ("10.0.0.0/24", "LOCATED_IN", "Antwerp")}  # fmt: skip


async def test_a_role_that_says_nothing_can_be_told() -> None:
    rows = lists("4.2.3")
    rows["dcim/devices"][2]["role"] = {"id": 5, "name": "Zeta", "slug": "zeta", "display": "Zeta"}
    with netbox(rows) as api:
        found = await run_scan(SCANNER, settings(api.url, roles=("zeta=NetworkDevice",)))
        with pytest.raises(InvalidSettings, match="can't be used") as wrong:
            await run_scan(SCANNER, settings(api.url, roles=("zeta=Toaster",)))
    assert items(found)["web1"].kind == "NetworkDevice"
    assert "oob-server=Server" in wrong.value.sentence()


async def test_nothing_but_what_is_named_is_kept() -> None:
    with netbox(lists("4.2.3")) as api:
        payloads = [p async for p in SCANNER.fetch(settings(api.url), (), None)]
    assert SECRET not in repr(payloads)
    assert TOKEN not in repr(payloads)


async def test_what_is_no_netbox_is_said_to_be_none() -> None:
    with netbox(lists("4.2.3")) as api:
        with pytest.raises(RemoteUnavailable, match="404 Not Found: is the address right"):
            await run_scan(SCANNER, settings(f"{api.url}/elsewhere"))
        with pytest.raises(InvalidSettings, match="can't be used"):
            await run_scan(SCANNER, settings(""))


async def test_tokens_of_the_second_kind_are_bearers() -> None:
    with netbox(lists("4.2.3"), "4.5.0") as api:
        given = NetboxSettings(url=api.url, token=Secret("env:NETBOX_TOKEN", NEW_TOKEN))
        found = await run_scan(SCANNER, given)
    assert not found.errors
    assert NEW_TOKEN not in repr(found)
