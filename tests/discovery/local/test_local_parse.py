"""What the local scanner makes of recordings, and of variations of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cmdb.catalogue import builtin
from cmdb.identity.identifiers import namespace_of, normalise
from cmdb.identity.junk import junk_reason
from cmdb.items import ItemObservation, LinkObservation, Observation
from cmdb.items.value import check_value
from discovery.local import SCANNER, LocalSettings
from discovery.machine.payload import (
    Interface,
    Machine,
    MachinePayload,
    Mount,
    Process,
    RunningContainer,
    Socket,
)
from discovery.scanner import Parsed, decode_payload

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RECORDINGS = Path(__file__).parent / "recordings"
LINUX = Machine("box", "Linux", "6.1", "x86_64", machine_id="ab" * 16, root=True)
ETH0 = Interface("eth0", "52:54:00:00:00:09", up=True, physical=True, addresses=("10.0.0.9/24",))


def recording(name: str) -> MachinePayload:
    return decode_payload(SCANNER, (RECORDINGS / f"{name}.json").read_bytes())


def parsed(payload: MachinePayload, **settings: object) -> Parsed:
    return SCANNER.parse(payload, msgspec.convert(settings, LocalSettings), NOW)


def items(result: Parsed, kind: str | None = None) -> list[ItemObservation]:
    found = [o for o in result.observations if isinstance(o, ItemObservation)]
    return [i for i in found if kind in (None, i.kind)]


def links(result: Parsed, relation: str | None = None) -> list[LinkObservation]:
    found = [o for o in result.observations if isinstance(o, LinkObservation)]
    return [k for k in found if relation in (None, k.relation)]


def names(result: Parsed, relation: str) -> set[tuple[str, str]]:
    """The ends of all links of a relation, by name where the end is known."""
    name = {k: str(i.properties["name"]) for i in items(result) for k in i.identifiers}
    return {
        (name.get(k.from_key, k.from_key), name.get(k.to_key, k.to_key))
        for k in links(result, relation)
    }


def variations() -> dict[str, MachinePayload]:
    """Machines that nobody had at hand for a recording."""
    root = recording("root")
    metal = {
        "sys_vendor": "Dell Inc.",
        "product_name": "PowerEdge R650",
        "product_serial": "4C1XYZ2",
        "product_uuid": "4c4c4544-0031-3510-8052-b4c04f4c4a32",
    }
    return {
        "physical": msgspec.structs.replace(
            root,
            machine=msgspec.structs.replace(root.machine, dmi=metal),
            mounts=(
                Mount("/dev/sda1", "/", "ext4", 2**40, 2**39, "5000c500a1b2c3d4-part1"),
                Mount("nas1.example.org:/srv/shop", "/srv/shop", "nfs4"),
            ),
        ),
        "docker": msgspec.structs.replace(
            root,
            machine=msgspec.structs.replace(
                root.machine, container="docker", container_id="5e" * 32
            ),
        ),
        "bare": MachinePayload(LINUX),
    }


def payloads() -> dict[str, MachinePayload]:
    return {"root": recording("root"), "user": recording("user"), **variations()}


EACH = pytest.mark.parametrize("payload", payloads().values(), ids=payloads())


@pytest.mark.parametrize("name", ["root", "user"])
def test_a_recording_is_parsed_as_it_was_found_right_before(name: str) -> None:
    golden = RECORDINGS / f"{name}.observations.json"
    result = parsed(recording(name))
    told = msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"
    if "CMDB_UPDATE_GOLDEN" in os.environ:
        golden.write_bytes(told)
    assert told == golden.read_bytes()


@EACH
def test_observations_fit_the_catalogue(payload: MachinePayload) -> None:
    catalogue, result = builtin(), parsed(payload)
    kinds = {key: item.kind for item in items(result) for key in item.identifiers}
    for item in items(result):
        declared = catalogue.kind(item.kind)
        for identifier in item.identifiers:
            assert normalise(identifier, catalogue) == identifier
            assert junk_reason(identifier) is None
            assert namespace_of(identifier) in declared.identified_by
        for name, value in item.properties.items():
            assert check_value(declared.properties[name], value) == value, (item.kind, name)
        assert item.properties["name"]
    for link in links(result):
        ends = kinds[link.from_key], kinds.get(link.to_key)
        assert catalogue.end_problem(link.relation, *ends) is None
    keys = [item.identifiers[0] for item in items(result)]
    assert len(set(keys)) == len(keys)


@EACH
def test_only_what_the_manifest_declares_is_told(payload: MachinePayload) -> None:
    result = parsed(payload)
    assert {i.kind for i in items(result)} <= set(SCANNER.manifest.kinds)
    assert {k.relation for k in links(result)} <= set(SCANNER.manifest.relations)


def test_all_that_the_manifest_declares_is_told_by_some_payload() -> None:
    results = [parsed(payload) for payload in payloads().values()]
    assert {i.kind for r in results for i in items(r)} == set(SCANNER.manifest.kinds)
    assert {k.relation for r in results for k in links(r)} == set(SCANNER.manifest.relations)


@EACH
def test_the_scope_is_the_machine_and_everything_bears_it(payload: MachinePayload) -> None:
    result = parsed(payload)
    machine = items(result)[0]
    assert result.scope == f"machine/{machine.identifiers[0].removeprefix('key:local/')}"
    assert {o.scope for o in result.observations} == {result.scope}
    assert {o.time for o in result.observations} == {NOW}


def test_software_is_named_as_people_know_it_with_workers_in_their_master() -> None:
    result = parsed(recording("root"))
    found = {str(i.properties["product"]): i for i in items(result) if "product" in i.properties}
    assert set(found) == {"nginx", "postgresql", "redis", "uvicorn"}
    assert found["nginx"].properties["user"] == "root"
    assert found["nginx"].identifiers[2:] == ("endpoint:default/tcp/10.77.0.1:80",)
    assert found["postgresql"].kind == found["redis"].kind == "DatabaseInstance"
    assert found["redis"].properties["version"] == "7.0.15"
    assert found["redis"].identifiers[2:] == ()  # it listens on loopback only
    assert "version" not in found["uvicorn"].properties  # Python's is not uvicorn's


def test_connections_are_told_by_the_side_that_opened_them_and_once() -> None:
    assert names(parsed(recording("root")), "CONNECTS_TO") == {
        ("nginx on shop1", "uvicorn on shop1"),
        ("uvicorn on shop1", "postgresql on shop1"),
        ("uvicorn on shop1", "redis on shop1"),
        ("uvicorn on shop1", "endpoint:default/tcp/10.77.0.2:5432"),
        ("uvicorn on shop1", "endpoint:default/tcp/10.77.0.2:443"),
    }


def test_without_rights_the_same_software_has_the_same_keys() -> None:
    def keys(name: str) -> set[str]:
        return {i.identifiers[0] for i in items(parsed(recording(name)))}

    root, user = recording("root"), recording("user")
    assert {s.pid for s in user.sockets} == {None}
    assert {s.pid for s in root.sockets} != {None}
    assert keys("user") == keys("root")
    guessed = [k for k in links(parsed(user), "RUNS_ON") if "/software/" in k.from_key]
    assert {k.confidence for k in guessed} == {0.8}


def test_without_rights_it_says_what_root_would_add_and_covers_nothing_in_full() -> None:
    result = parsed(recording("user"))
    assert not result.full
    assert result.notes[0] == (
        "12 sockets belong to other users' processes; as root their owners would be named."
    )
    assert any("docker.sock" in note for note in result.notes)
    assert parsed(recording("root")).notes == ()
    assert parsed(recording("root")).full


@pytest.mark.parametrize("off", ["connections", "containers"])
def test_what_was_not_looked_at_is_not_said_to_be_gone(off: str) -> None:
    result = parsed(recording("root"), **{off: False})
    assert not result.full
    if off == "connections":
        assert links(result, "CONNECTS_TO") == []


def test_errors_are_passed_on_and_make_it_partial() -> None:
    result = parsed(msgspec.structs.replace(recording("root"), errors=("It broke.",)))
    assert result.errors == ("It broke.",)
    assert not result.full


def test_scanning_again_a_little_later_says_the_same() -> None:
    before = recording("root")
    assert before.machine.boot_time is not None
    after = msgspec.structs.replace(
        before,
        machine=msgspec.structs.replace(before.machine, boot_time=before.machine.boot_time + 1),
        mounts=tuple(msgspec.structs.replace(m, used=(m.used or 0) + 4096) for m in before.mounts),
    )
    assert parsed(after) == parsed(before)


def test_settings_reach_the_observations() -> None:
    result = parsed(recording("root"), environment="staging", address_scope="lab")
    machine = items(result)[0]
    assert machine.properties["environment"] == "staging"
    assert "ip:lab/10.77.0.1" in machine.identifiers
    assert all("endpoint:default" not in k.to_key for k in links(result))


@pytest.mark.parametrize(
    ("machine", "kind"),
    [
        ({"dmi": {"sys_vendor": "QEMU"}}, "VirtualMachine"),
        ({"dmi": {"sys_vendor": "VMware, Inc."}, "hypervisor_flag": True}, "VirtualMachine"),
        ({"dmi": {"sys_vendor": "Amazon EC2", "product_name": "m5.large"}}, "VirtualMachine"),
        ({"dmi": {"sys_vendor": "Amazon EC2", "product_name": "m5.metal"}}, "Server"),
        ({"dmi": {"sys_vendor": "Dell Inc.", "product_name": "R650"}}, "Server"),
        ({"dmi": {"sys_vendor": "Dell Inc."}, "hypervisor_flag": True}, "Server"),
        ({"hypervisor_flag": True}, "VirtualMachine"),
        ({"hypervisor_type": "xen"}, "VirtualMachine"),
        ({}, "Server"),
        ({"container": "docker", "hypervisor_flag": True}, "Container"),
        ({"container": "kubernetes"}, "Container"),
        ({"container": "lxc"}, "VirtualMachine"),
    ],
)
def test_what_kind_of_machine_it_is(machine: dict[str, object], kind: str) -> None:
    told = msgspec.convert({**msgspec.to_builtins(LINUX), **machine}, Machine)
    assert items(parsed(MachinePayload(told)))[0].kind == kind


def test_placeholders_of_the_maker_identify_nothing() -> None:
    machine = msgspec.structs.replace(
        LINUX,
        dmi={"product_serial": "To be filled by O.E.M.", "product_uuid": "0" * 32},
        fqdn="localhost.localdomain",
        machine_id="uninitialized",
    )
    (only,) = items(parsed(MachinePayload(machine)))
    assert [i for i in only.identifiers if not i.startswith("key:")] == []
    assert "serial_number" not in only.properties


def test_clones_are_told_apart_by_their_hardware_address() -> None:
    other = msgspec.structs.replace(ETH0, mac="52:54:00:00:00:10")
    one, two = (parsed(MachinePayload(LINUX, (nic,))).scope for nic in (ETH0, other))
    assert one != two


def test_a_new_interface_or_name_does_not_make_another_machine() -> None:
    later = msgspec.structs.replace(LINUX, hostname="renamed", fqdn="renamed.example.org")
    more = (Interface("wg0"), ETH0, Interface("eth1", "02:00:00:00:00:01", physical=True))
    assert parsed(MachinePayload(later, more)).scope == parsed(MachinePayload(LINUX, (ETH0,))).scope


def test_addresses_that_every_container_host_has_identify_nobody() -> None:
    bridge = Interface("docker0", "02:42:00:00:00:01", up=True, addresses=("172.17.0.1/16",))
    link_local = msgspec.structs.replace(ETH0, addresses=("10.0.0.9/24", "fe80::1/64"))
    result = parsed(
        MachinePayload(
            LINUX,
            (bridge, link_local),
            sockets=(Socket("tcp", "::", 5432, pid=7), Socket("tcp", "172.17.0.1", 53, pid=8)),
            processes=(Process(7, 1, "postgres"), Process(8, 1, "dnsmasq")),
        )
    )
    everything = [k for i in items(result) for k in i.identifiers if not k.startswith("key:")]
    assert not any("172.17" in k or "fe80" in k or "02:42" in k for k in everything)
    assert "endpoint:default/tcp/10.0.0.9:5432" in everything
    assert [i.properties["name"] for i in items(result, "NetworkInterface")] == ["box eth0"]


def test_addresses_of_version_6_stand_in_brackets() -> None:
    nic = msgspec.structs.replace(ETH0, addresses=("2001:db8::9/64",))
    result = parsed(
        MachinePayload(LINUX, (nic,), (Socket("tcp", "::", 80, pid=7),), (Process(7, 1, "nginx"),))
    )
    (nginx,) = items(result, "SoftwareInstance")
    assert nginx.identifiers[2:] == ("endpoint:default/tcp/[2001:db8::9]:80",)


def software(*processes: Process, sockets: tuple[Socket, ...] = (), root: bool = True) -> Parsed:
    machine = msgspec.structs.replace(LINUX, root=root)
    return parsed(MachinePayload(machine, (ETH0,), sockets, processes))


def test_two_instances_of_a_product_are_told_apart_by_their_port() -> None:
    result = software(
        Process(7, 1, "redis-server"),
        Process(8, 1, "redis-server"),
        sockets=(Socket("tcp", "0.0.0.0", 6379, pid=7), Socket("tcp", "0.0.0.0", 6380, pid=8)),
    )
    assert {str(i.properties["name"]) for i in items(result, "DatabaseInstance")} == {
        "redis on box",
        "redis:6380 on box",
    }


def test_a_port_drawn_by_chance_is_no_part_of_a_key() -> None:
    def key(port: int) -> str:
        result = software(Process(7, 1, "shopd"), sockets=(Socket("tcp", "0.0.0.0", port, pid=7),))
        return items(result, "SoftwareInstance")[0].identifiers[0]

    assert key(41_000) == key(52_000)
    assert key(9_000) != key(9_001)


def test_a_udp_socket_that_waits_for_an_answer_is_no_service() -> None:
    result = software(
        Process(7, 1, "chronyd"),
        Process(8, 1, "resolver"),
        sockets=(Socket("udp", "0.0.0.0", 123, pid=7), Socket("udp", "0.0.0.0", 40_000, pid=8)),
    )
    assert [i.properties["product"] for i in items(result, "SoftwareInstance")] == ["chrony"]


def test_a_socket_that_systemd_holds_belongs_to_what_it_will_start() -> None:
    result = software(
        Process(1, 0, "systemd"),
        sockets=(Socket("tcp", "0.0.0.0", 22, pid=1), Socket("tcp", "0.0.0.0", 7777, pid=1)),
    )
    products = [i.properties["product"] for i in items(result, "SoftwareInstance")]
    assert products == ["openssh", "systemd"]


def test_an_unowned_port_is_not_guessed_where_two_products_could_have_it() -> None:
    sockets = (Socket("tcp", "0.0.0.0", 80),)
    both = software(Process(7, 1, "nginx"), Process(8, 1, "haproxy"), sockets=sockets, root=False)
    one = software(Process(7, 1, "nginx"), sockets=sockets, root=False)
    assert items(both, "SoftwareInstance") == []
    assert len(items(one, "SoftwareInstance")) == 1


def test_a_known_client_that_listens_on_nothing_is_an_instance_and_others_are_the_machine() -> None:
    result = software(
        Process(7, 1, "celery"),
        Process(8, 1, "curl"),
        sockets=(
            Socket("tcp", "10.0.0.9", 40_001, "10.0.0.20", 5672, 7),
            Socket("tcp", "10.0.0.9", 40_002, "10.0.0.21", 443, 8),
        ),
    )
    assert names(result, "CONNECTS_TO") == {
        ("celery on box", "endpoint:default/tcp/10.0.0.20:5672"),
        ("box", "endpoint:default/tcp/10.0.0.21:443"),
    }


def test_calls_from_others_are_left_to_the_others() -> None:
    result = software(
        Process(7, 1, "nginx"),
        sockets=(
            Socket("tcp", "0.0.0.0", 80, pid=7),
            Socket("tcp", "10.0.0.9", 80, "10.0.0.30", 51_000, 7),
        ),
    )
    assert links(result, "CONNECTS_TO") == []


def test_it_says_so_where_the_ports_do_not_tell_who_called() -> None:
    result = software(
        Process(7, 1, "shopd"),
        sockets=(
            Socket("tcp", "10.0.0.9", 900, "10.0.0.30", 2049, 7),
            Socket("tcp", "10.0.0.9", 40_000, "10.0.0.31", 50_000, 7),
            Socket("tcp", "10.0.0.9", 40_001, "10.0.0.32", 2049, 7),
        ),
    )
    told = {k.to_key: k.confidence for k in links(result, "CONNECTS_TO")}
    assert told == {
        "endpoint:default/tcp/10.0.0.30:2049": 0.6,
        "endpoint:default/tcp/10.0.0.31:50000": 0.6,
        "endpoint:default/tcp/10.0.0.32:2049": 0.9,
    }


def test_a_program_that_calls_itself_depends_on_nobody() -> None:
    result = software(
        Process(7, 1, "nginx"),
        sockets=(
            Socket("tcp", "0.0.0.0", 80, pid=7),
            Socket("tcp", "127.0.0.1", 40_000, "127.0.0.1", 80, 7),
        ),
    )
    assert links(result, "CONNECTS_TO") == []


def test_processes_that_are_each_others_parents_do_no_harm() -> None:
    result = software(
        Process(7, 8, "nginx"),
        Process(8, 7, "nginx"),
        sockets=(Socket("tcp", "0.0.0.0", 80, pid=7),),
    )
    assert len(items(result, "SoftwareInstance")) == 1


def test_a_container_known_by_its_guardian_only_is_called_by_its_id() -> None:
    result = parsed(MachinePayload(LINUX, containers=(RunningContainer("containerd", "9f" * 32),)))
    (container,) = items(result, "Container")
    assert container.properties["name"] == "9f9f9f9f9f9f"
    assert container.identifiers[1] == f"container:{'9f' * 32}"


def test_times_come_from_outside() -> None:
    payload = recording("root")
    later = SCANNER.parse(payload, LocalSettings(), NOW + timedelta(days=1))

    def without_time(observations: tuple[Observation, ...]) -> list[Observation]:
        return [msgspec.structs.replace(o, time=NOW) for o in observations]

    assert without_time(later.observations) == list(parsed(payload).observations)
