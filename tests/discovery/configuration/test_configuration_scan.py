"""Configurations from files and folders become the graph that an expert would draw."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import trustme

from cmdb.errors import CmdbError, InvalidInput
from cmdb.ingest import Loaded
from cmdb.items import ItemObservation, LinkObservation
from cmdb.store.sqlite import SqliteStore
from discovery.configuration import SCANNER, ConfigurationSettings
from discovery.configuration.payload import ConfigurationPayload
from discovery.machine.payload import Interface, Machine, MachinePayload, Process, Socket
from discovery.run import ScanResult, run_scan
from discovery.scanner import decode_payload, encode_payload
from discovery.ssh import SCANNER as SSH
from discovery.ssh import SshSettings
from discovery.ssh.payload import SshHost, SshPayload
from tests.discovery.configuration.samples import NGINX, ZONE, haproxy
from tests.discovery.conftest import items_by_name, load_scan

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SECRET = "hunter2-in-the-configuration"


def written(folder: Path) -> Path:
    """A folder with a copy of /etc/nginx, a zone, an haproxy.cfg and its certificate."""
    for path, text in NGINX.items():
        file = folder / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("root /srv", f'proxy_set_header Authorization "{SECRET}"'))
    authority = trustme.CA()
    pem = folder / "shop.pem"
    authority.issue_cert("shop.example.org").private_key_and_cert_chain_pem.write_to_path(pem)
    (folder / "haproxy.cfg").write_text(f"{haproxy('shop.pem')}\nuserlist x\n user a {SECRET}\n")
    (folder / "db.example.org").write_text(ZONE)
    (folder / "notes.txt").write_text("nothing")
    (folder / "binary").write_bytes(bytes(range(256)) * 100)
    return folder


async def scanned(*targets: Path, minutes: int = 0, **settings: object) -> ScanResult:
    given = ConfigurationSettings(**settings)  # type: ignore[arg-type]  # as the test has them
    time = NOW + timedelta(minutes=minutes)
    return await run_scan(SCANNER, given, [str(t) for t in targets], time)


def linked(result: ScanResult, relation: str) -> set[tuple[str, str]]:
    """The ends of the links of a relation, by name where they have one."""
    name = {
        k: str(o.properties["name"])
        for o in result.observations
        if isinstance(o, ItemObservation)
        for k in o.identifiers
    }
    return {
        (name.get(o.from_key, o.from_key), name.get(o.to_key, o.to_key))
        for o in result.observations
        if isinstance(o, LinkObservation) and o.relation == relation
    }


async def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    result = await scanned(written(tmp_path), addresses=("10.0.0.1",), name="web1")
    assert linked(result, "ROUTES_TO") >= {
        ("shop.example.org:80 of nginx on web1", "shop of nginx on web1"),
        ("nginx on web1", "shop of nginx on web1"),
        ("web of haproxy on web1", "app of haproxy on web1"),
        ("db of haproxy on web1", "db of haproxy on web1"),
    }
    assert {end for end in linked(result, "MEMBER_OF") if end[1] == "shop of nginx on web1"} == {
        (f"10.0.0.{n}:8080", "shop of nginx on web1") for n in (12, 13, 14)
    }
    assert linked(result, "SECURED_BY") == {("web of haproxy on web1", "shop.example.org")}
    assert linked(result, "RESOLVED_BY") == {
        ("shop.example.org:80 of nginx on web1", "shop.example.org A"),
        ("shop.example.org:80 of nginx on web1", "dns:www.shop.example.org/A"),
    }
    assert ("www.example.org CNAME", "shop.example.org A") in linked(result, "DEPENDS_ON")
    kinds = {o.kind for o in result.observations if isinstance(o, ItemObservation)}
    assert kinds == set(SCANNER.manifest.kinds)
    relations = {o.relation for o in result.observations if isinstance(o, LinkObservation)}
    assert relations == set(SCANNER.manifest.relations)


async def test_no_secret_of_a_configuration_is_kept(tmp_path: Path) -> None:
    written(tmp_path)
    payloads = [p async for p in SCANNER.fetch(ConfigurationSettings(), [str(tmp_path)], None)]
    assert payloads
    assert SECRET not in repr(payloads)
    assert "PRIVATE KEY" not in repr(payloads)
    (payload,) = payloads
    assert isinstance(payload, ConfigurationPayload)
    assert decode_payload(SCANNER, encode_payload(payload)) == payload


async def load(store: SqliteStore, folder: Path, minutes: int) -> Loaded:
    found = await scanned(folder, minutes=minutes, addresses=("10.0.0.1",), name="web1")
    return await load_scan(store, found)


async def test_the_same_files_twice_change_nothing(tmp_path: Path) -> None:
    store = await SqliteStore.open(":memory:")
    written(tmp_path)
    first, second = await load(store, tmp_path, 0), await load(store, tmp_path, 1)
    assert first.rejected == []
    assert second.run.counts.get("created", 0) == second.run.counts.get("updated", 0) == 0
    assert second.run.counts.get("links_created", 0) == 0


async def test_one_bad_file_is_named_and_the_rest_is_in(tmp_path: Path) -> None:
    missing = tmp_path / "missing.conf"
    result = await scanned(written(tmp_path / "a"), missing, tmp_path / "a" / "notes.txt")
    assert [e for e in result.errors if "missing.conf can't be read" in e]
    assert [e for e in result.errors if "notes.txt is no configuration of nginx" in e]
    assert not result.full_scope
    assert result.counts["LoadBalancer"] > 1
    with pytest.raises(CmdbError, match=r"missing.conf can't be read: No such file"):
        await scanned(missing)
    with pytest.raises(InvalidInput, match="Name the configurations"):
        await scanned()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="has no configuration that is known here"):
        await scanned(tmp_path / "empty")
    with pytest.raises(InvalidInput, match="more than the 2 files"):
        await scanned(tmp_path / "a", max_files=2)


async def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    large = tmp_path / "large.conf"
    large.write_bytes(b"server {\n" * 600_000)
    with pytest.raises(InvalidInput, match="larger than 4 MiB"):
        await scanned(large)


def machine() -> SshHost:
    """The machine whose proxy the configuration is of, as the SSH scanner reads it."""
    return SshHost(
        "web1",
        "10.0.0.1",
        22,
        MachinePayload(
            Machine("web1", "Linux", "6.1", "x86_64", machine_id="ab" * 16),
            (Interface("eth0", "52:54:00:00:00:01", addresses=("10.0.0.1/24",)),),
            (
                Socket("tcp", "0.0.0.0", 80, pid=7),
                Socket("tcp", "0.0.0.0", 443, pid=7),
                Socket("tcp", "10.0.0.1", 40000, "10.0.0.12", 8080, 7),
            ),
            (Process(7, 1, "nginx", "/usr/sbin/nginx"),),
        ),
    )


async def test_the_proxy_is_the_same_item_whoever_tells_of_it(tmp_path: Path) -> None:
    store = await SqliteStore.open(":memory:")
    files = written(tmp_path)

    async def fetch(*_: object) -> object:  # the scanner's own would sign in somewhere
        (payload,) = [
            p async for p in SCANNER.fetch(ConfigurationSettings(), [str(files / "etc")], None)
        ]
        routes = getattr(payload, "routes", ())
        yield SshPayload(("web1",), (msgspec.structs.replace(machine(), routes=routes),))

    over_ssh = await run_scan(
        dataclasses.replace(SSH, fetch=fetch),  # type: ignore[arg-type]  # yields payloads only
        SshSettings(),
        ["web1"],
        NOW,
    )
    await load_scan(store, over_ssh)
    before = await items_by_name(store)
    of_files = await scanned(files / "etc", minutes=1, addresses=("10.0.0.1",), name="web1")
    loaded = await load_scan(store, of_files)
    after = await items_by_name(store)
    assert loaded.run.counts.get("created", 0) == 0
    assert len(after) == len(before)
    assert set(after["nginx on web1"].identifiers) > set(before["nginx on web1"].identifiers)
    assert ("nginx on web1", "shop of nginx on web1") in linked(over_ssh, "ROUTES_TO")
