"""Running a scanner: what a result says when all, some or none of it worked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from cmdb.errors import InvalidInput, RemoteUnavailable
from cmdb.items import ItemObservation
from discovery.observer import Observer
from discovery.run import run_scan
from discovery.scanner import (
    Failure,
    Manifest,
    Parsed,
    Scanner,
    decode_payload,
    encode_payload,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class Settings(msgspec.Struct, frozen=True):
    full: bool = True


class Payload(msgspec.Struct, frozen=True):
    host: str


async def fetch(
    settings: Settings, targets: Sequence[str], since: datetime | None
) -> AsyncIterator[Payload | Failure]:
    for target in targets:
        if target == "broken":
            yield Failure("broken did not answer.")
        elif target == "abort":
            raise RemoteUnavailable("The network is gone.")
        else:
            yield Payload(target)


def parse(payload: Payload, settings: Settings, time: datetime) -> Parsed:
    observer = Observer("toy", time, "site" if payload.host.startswith("web") else payload.host)
    return Parsed(
        scope=observer.scope,
        observations=(
            observer.link("CONNECTS_TO", observer.key(payload.host), "ip:default/192.0.2.9"),
            observer.item("Server", payload.host, [f"fqdn:{payload.host}.example.org"]),
        ),
        full=settings.full,
        notes=("A note.",),
    )


SCANNER = Scanner(
    manifest=Manifest(
        name="toy",
        title="Toy",
        description="A scanner of names.",
        kinds=("Server",),
        relations=("CONNECTS_TO",),
        needs=("Nothing.",),
        settings=Settings,
        example="cmdb scan toy web1",
        targets="A name.",
    ),
    payload=Payload,
    fetch=fetch,
    parse=parse,
)


async def test_a_scan_of_all_its_scope_counts_and_puts_items_first() -> None:
    result = await run_scan(SCANNER, Settings(), ["web1", "web2"], NOW)
    assert (result.source, result.scope, result.full_scope) == ("toy", "site", True)
    assert result.counts == {"items": 2, "links": 2, "Server": 2, "CONNECTS_TO": 2}
    assert [isinstance(o, ItemObservation) for o in result.observations] == [True] * 2 + [False] * 2
    assert {o.time for o in result.observations} == {NOW}
    assert {o.scope for o in result.observations} == {"site"}
    assert result.notes == ("A note.",)
    assert not result.partial


async def test_what_failed_is_told_and_the_rest_is_in() -> None:
    result = await run_scan(SCANNER, Settings(), ["web1", "broken", "web2"], NOW)
    assert result.counts["items"] == 2
    assert result.errors == ("broken did not answer.",)
    assert result.partial
    assert not result.full_scope


async def test_an_error_after_something_was_read_makes_the_scan_partial() -> None:
    result = await run_scan(SCANNER, Settings(), ["web1", "abort", "web2"], NOW)
    assert result.counts["items"] == 1
    assert result.errors == ("The network is gone.",)
    assert not result.full_scope


async def test_an_error_before_anything_was_read_is_raised() -> None:
    with pytest.raises(RemoteUnavailable, match="The network is gone"):
        await run_scan(SCANNER, Settings(), ["abort"], NOW)


async def test_several_scopes_are_no_full_scope() -> None:
    result = await run_scan(SCANNER, Settings(), ["web1", "db1"], NOW)
    assert (result.scope, result.full_scope) == ("", False)


async def test_a_scan_that_saw_nothing_covers_nothing() -> None:
    result = await run_scan(SCANNER, Settings(), ["broken"], NOW)
    assert (result.scope, result.full_scope, [*result.observations]) == ("", False, [])


async def test_a_parser_that_saw_only_part_makes_no_full_scope() -> None:
    result = await run_scan(SCANNER, Settings(full=False), ["web1"], NOW)
    assert (result.scope, result.full_scope) == ("site", False)


async def test_times_are_told_in_utc() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    result = await run_scan(SCANNER, Settings(), ["web1"], there)
    assert {o.time.tzinfo for o in result.observations} == {UTC}


async def test_targets_for_a_scanner_that_takes_none_are_refused() -> None:
    manifest = SCANNER.manifest
    alone = Scanner(
        Manifest(
            manifest.name, manifest.title, manifest.description, manifest.kinds, manifest.relations,
            manifest.needs, manifest.settings, manifest.example,
        ),
        Payload, fetch, parse,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="takes no target, not 'web1'"):
        await run_scan(alone, Settings(), ["web1"], NOW)


def test_a_payload_survives_being_recorded() -> None:
    assert decode_payload(SCANNER, encode_payload(Payload("web1"))) == Payload("web1")


def test_an_observer_leaves_out_what_identifies_nothing() -> None:
    seen = Observer("toy", NOW, "here").item(
        "Server",
        "1",
        ["serial:To be filled by O.E.M.", "mac:nonsense", "mac:00:00:00:00:00:00", "fqdn:localhost",
         "fqdn:WEB1.example.org", "fqdn:web1.example.org", "sha256:00ff", "uuid:"],
        {"name": "web1", "vendor": None, "model": ""},
    )  # fmt: skip
    assert seen.identifiers == ("key:toy/1", "fqdn:web1.example.org")
    assert seen.properties == {"name": "web1"}
