"""What answers mean, on devices made up for one question each."""

from __future__ import annotations

from cmdb.items import ItemObservation, LinkObservation
from discovery.scanner import Parsed
from discovery.snmp import SnmpSettings
from discovery.snmp.device import Device
from discovery.snmp.neighbours import neighbours
from discovery.snmp.payload import Agent, SnmpPayload, Value
from tests.discovery.snmp.agents import parsed

Columns = dict[str, dict[str, Value]]
A, B, C, D = ("\x06\x00\x00\x00\x00" + chr(n) for n in (10, 11, 12, 13))
"""Hardware addresses."""


def agent(address: str, columns: Columns | None = None, **scalars: Value) -> Agent:
    return Agent(address, {"services": 2, **scalars}, columns or {})


def ports(*names: str, macs: tuple[str, ...] = ()) -> Columns:
    """A table of interfaces that are called so."""
    return {
        "interface_name": {str(n): name for n, name in enumerate(names, 1)},
        "interface_type": {str(n): 6 for n, _ in enumerate(names, 1)},
        "interface_address": {str(n): mac for n, mac in enumerate(macs, 1)},
    }


def heard_at(row: str, subtype: int, chassis: str, port_subtype: int, port: str) -> Columns:
    """A row of the neighbours that LLDP knows."""
    return {
        "lldp_remote_chassis_subtype": {row: subtype},
        "lldp_remote_chassis": {row: chassis},
        "lldp_remote_port_subtype": {row: port_subtype},
        "lldp_remote_port": {row: port},
    }


def report(*agents: Agent, **settings: object) -> Parsed:
    given = SnmpSettings(**settings)  # type: ignore[arg-type]
    return parsed(SnmpPayload(("test",), agents), given)


def cables(found: Parsed) -> list[tuple[str, str, float]]:
    """The two ends and the confidence of each cable."""
    return [
        (o.from_key.partition("default/")[2] or o.from_key, o.to_key, o.confidence)
        for o in found.observations
        if isinstance(o, LinkObservation) and o.relation == "LINKED_TO"
    ]


def items(found: Parsed) -> dict[str, ItemObservation]:
    seen = [o for o in found.observations if isinstance(o, ItemObservation)]
    return {str(o.properties["name"]): o for o in seen if o.kind != "NetworkInterface"}


def own_port(subtype: int, port: str, number: str = "7", **more: Columns) -> str:
    """The own port that a neighbour is found on, by how the agent calls it."""
    columns: Columns = {
        **ports("eth1", "eth2", "eth3", macs=(A, B, C)),
        "interface_description": {"1": "first", "2": "second", "3": "third"},
        "interface_alias": {"1": "to the left", "2": "to the right", "3": "to the right"},
        **heard_at(f"0.{number}.1", 4, D, 5, "p1"),
        "lldp_port_subtype": {number: subtype},
        "lldp_port": {number: port},
        **more.get("columns", {}),
    }
    (found,) = neighbours(Device(agent("10.0.0.1", columns)))
    return found.port_name


def test_an_own_port_is_found_by_each_way_that_agents_name_it() -> None:
    assert own_port(5, "eth2") == "eth2"
    assert own_port(5, "second") == "eth2"
    assert own_port(1, "to the left") == "eth1"
    assert own_port(3, C) == "eth3"
    assert own_port(7, "2") == "eth2"
    assert own_port(2, "slot", columns={"lldp_port_description": {"7": "third"}}) == "eth3"
    assert own_port(2, "slot", columns={"bridge_interface": {"7": 3}}) == "eth3"
    assert own_port(2, "slot", number="2") == "eth2"
    # A name that two ports have names neither.
    assert own_port(1, "to the right") == "port 7"


def test_a_cable_that_both_ends_tell_of_is_one_and_certain() -> None:
    one = {**ports("p1", macs=(A,)), **heard_at("0.1.1", 4, B, 3, B)}
    two = {**ports("p9", macs=(B,)), **heard_at("0.1.1", 4, A, 5, "p1")}
    found = report(agent("10.0.0.1", one, name="one"), agent("10.0.0.2", two, name="two"))
    (link,) = [o for o in found.observations if getattr(o, "relation", "") == "LINKED_TO"]
    assert isinstance(link, LinkObservation)
    assert (link.confidence, link.evidence) == (1.0, "one p1 - two p9 (LLDP, told at both ends)")


def test_a_neighbour_is_known_by_each_kind_of_chassis() -> None:
    def meets(subtype: int, chassis: str) -> bool:
        one = agent("10.0.0.1", {**ports("p1"), **heard_at("0.1.1", subtype, chassis, 5, "x")})
        two = agent("10.0.0.2", ports("p1", macs=(B,)))
        return len(items(report(one, two))) == 2

    assert meets(4, B)
    assert meets(4, "06-00-00-00-00-0B")
    assert meets(5, "\x01\x0a\x00\x00\x02")
    assert not meets(4, C)
    assert not meets(5, "\x01\x0a\x00\x00\x03")
    assert not meets(7, "some text")


def test_devices_without_a_name_or_address_of_their_own_stay_apart() -> None:
    nothing = "\x00" * 6
    columns = {
        name: {"0.1.1": rows["0.1.1"], "0.2.1": rows["0.1.1"]}
        for name, rows in heard_at("0.1.1", 4, nothing, 5, "").items()
    }
    found = report(agent("10.0.0.1", {**ports("p1", "p2"), **columns}, name="one"))
    assert set(items(found)) == {"one", "neighbour of one on p1", "neighbour of one on p2"}


def test_who_is_heard_alone_on_a_port_hangs_there() -> None:
    columns: Columns = {
        **ports("p1", "p2", "p3", "p4", macs=(A,)),
        "bridge_interface": {"1": 1, "2": 2, "3": 3, "4": 4},
        "heard_port": {
            "6.0.0.0.0.11": 1,
            **{f"6.0.0.0.1.{n}": 2 for n in range(9)},
            "6.0.0.0.0.12": 3,
            "6.0.0.0.0.10": 4,
            "6.0.0.0.0.13": 4,
        },
        "heard_status": {"6.0.0.0.0.13": 4},
        "arp": {"1.10.0.0.77": B},
        **heard_at("0.3.1", 4, D, 5, "x"),
    }
    found = report(agent("10.0.0.1", columns, name="sw"))
    hangs = [c for c in cables(found) if c[2] < 0.8]
    # Alone on p1; too many on p2; a neighbour says itself that it is on p3; p4 is the device.
    assert hangs == [("06:00:00:00:00:0a", "key:snmp/default/06:00:00:00:00:0b", 0.7)]
    host = items(found)["10.0.0.77"]
    assert host.identifiers[1:] == ("mac:06:00:00:00:00:0b", "ip:default/10.0.0.77")
    without = report(agent("10.0.0.1", columns), hosts_on_ports=False)
    assert [confidence for _, _, confidence in cables(without)] == [0.95]


def test_a_host_hangs_on_the_bridge_that_hears_it_among_the_fewest() -> None:
    near: Columns = {**ports("p1", macs=(A,)), "vlan_heard_port": {"1.6.0.0.0.0.12": 1}}
    far: Columns = {
        **ports("up", macs=(B,)),
        "vlan_heard_port": {"1.6.0.0.0.0.12": 1, "1.6.0.0.0.0.13": 1},
    }
    found = report(agent("10.0.0.1", near), agent("10.0.0.2", far))
    links = cables(found)
    assert ("06:00:00:00:00:0a", "mac:06:00:00:00:00:0c", 0.7) in links
    assert len([1 for _, to, _ in links if to == "mac:06:00:00:00:00:0c"]) == 1


def test_a_gateway_is_whom_others_send_to_and_who_forwards() -> None:
    route: Columns = {"cidr_route_next": {"0.10.0.0.1": "\x0a\x00\x00\x01"}}
    other = agent("10.0.0.2", {**ports("p1", macs=(B,)), **route}, name="other")
    router = agent("10.0.0.1", ports("p1", macs=(A,)), name="router", forwarding=1)
    found = report(router, other)
    assert items(found)["router"].properties["network_role"] == "gateway"
    assert "network_role" not in items(found)["other"].properties
    assert found.notes == ()
    still = agent("10.0.0.1", ports("p1", macs=(A,)), name="router", forwarding=2)
    assert "network_role" not in items(report(still, other))["router"].properties
    (note,) = report(other).notes
    assert note.startswith("Default routes lead to 10.0.0.1, which no device here is known to ")
    named = report(still, other, gateways=("10.0.0.1",))
    assert items(named)["router"].properties["network_role"] == "gateway"


def test_clones_stay_apart_and_shared_addresses_identify_nobody() -> None:
    clones = [
        Agent(
            f"10.0.0.{n}",
            {"services": 72, "name": "template.example.org"},
            {
                **ports("eth0", "docker0", macs=(mac, D)),
                "address_interface": {f"10.0.0.{n}": 1, "172.17.0.1": 2, "10.9.9.9": 1},
            },
        )
        for n, mac in ((1, A), (2, B))
    ]
    found = report(*clones)
    seen = [o for o in found.observations if isinstance(o, ItemObservation)]
    assert [o.identifiers[1:] for o in seen] == [
        ("mac:06:00:00:00:00:0a", "ip:default/10.0.0.1"),
        ("mac:06:00:00:00:00:0b", "ip:default/10.0.0.2"),
    ]


def test_one_device_that_is_asked_at_two_addresses_is_one() -> None:
    both: Columns = {**ports("p1", macs=(A,)), "address_interface": {"10.0.0.1": 1, "10.0.0.2": 1}}
    found = report(agent("10.0.0.1", both, name="one"), agent("10.0.0.2", both, name="one"))
    assert len(items(found)) == 1
    assert "ip:default/10.0.0.2" in items(found)["one"].identifiers


def test_a_device_of_the_network_is_told_by_what_it_does() -> None:
    def kind(services: int, made: str = "1.3.6.1.4.1.9.1.1", **columns: dict[str, Value]) -> bool:
        return Device(Agent("10.0.0.1", {"services": services, "object": made}, columns)).is_network

    assert kind(2)
    assert kind(78)
    assert kind(4)
    assert not kind(72)
    assert not kind(76, "1.3.6.1.4.1.311.1.1.3.1.2")
    assert kind(0, bridge_interface={"1": 1})
    assert not kind(72, "1.3.6.1.4.1.8072.3.2.10", lldp_port={"1": "eth0"})


def test_things_of_one_name_stay_apart() -> None:
    columns: Columns = {
        **ports("port", "port", macs=(A,)),
        "entity_class": {"1": 6, "2": 6, "3": 6},
        "entity_name": {"1": "PSU", "2": "PSU", "3": "PSU B"},
    }
    found = report(agent("10.0.0.1", columns, name="sw"), interfaces="all")
    seen = [o for o in found.observations if isinstance(o, ItemObservation)]
    assert [o.properties["name"] for o in seen] == [
        "sw",
        "sw port",
        "sw port (2)",
        "PSU 1 of sw",
        "PSU 2 of sw",
        "PSU B of sw",
    ]
    assert len({o.identifiers[0] for o in seen}) == 6


def test_interfaces_are_reported_as_the_setting_says() -> None:
    columns: Columns = {
        **ports("p1", "p2", "p3", "lo"),
        **heard_at("0.2.1", 4, B, 5, "x"),
        "address_interface": {"10.0.0.1": 3, "127.0.0.1": 4},
        "address_mask": {"10.0.0.1": "\xff\xff\xff\x00"},
        "interface_high_speed": {"3": 10000},
        "interface_state": {"3": 1},
    }

    def reported(which: str) -> dict[str, ItemObservation]:
        found = report(agent("10.0.0.1", columns, name="sw"), interfaces=which)
        seen = [o for o in found.observations if isinstance(o, ItemObservation)]
        return {str(o.properties["name"]): o for o in seen if o.kind == "NetworkInterface"}

    assert set(reported("used")) == {"sw p2", "sw p3"}
    assert len(reported("all")) == 4
    assert reported("none") == {}
    told = reported("used")["sw p3"].properties
    assert told["ip_addresses"] == ["10.0.0.1/24"]
    assert (told["speed"], told["is_up"]) == (10000, True)
