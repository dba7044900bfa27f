"""Many observations on disk are the same as few in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.json import encode

from cmdb.errors import InvalidInput, InvalidSettings, Problem
from cmdb.exchange.export import line_of_observation
from cmdb.items import (
    Gate,
    ItemObservation,
    LinkObservation,
    Observation,
    Observed,
    Past,
    Value,
    observed,
)
from cmdb.service import Cmdb
from cmdb.settings import Settings
from discovery.run import run_scan
from tests.discovery.test_run_scan import SCANNER
from tests.discovery.test_run_scan import Settings as ToySettings

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
times = st.timedeltas(timedelta(0), timedelta(days=9)).map(lambda passed: NOW - passed)
values: st.SearchStrategy[Value | None] = st.one_of(
    st.none(),
    texts,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.booleans(),
    st.lists(texts, max_size=2),
)
tuples = st.lists(texts, max_size=2).map(tuple)
pasts = st.none() | st.builds(Past, first_seen=times, since=st.dictionaries(texts, times))
gates = st.none() | st.builds(
    Gate, name=texts, min_up=st.integers(1, 9) | st.floats(0.5, 9) | st.just("50%")
)
items = st.builds(
    ItemObservation,
    kind=texts,
    identifiers=tuples,
    source=texts,
    time=times,
    properties=st.dictionaries(texts, values, max_size=3),
    scope=texts,
    distinct_from=tuples,
    past=pasts,
    complete=tuples,
)
links = st.builds(
    LinkObservation,
    relation=texts,
    from_key=texts,
    to_key=texts,
    source=texts,
    time=times,
    strength=st.sampled_from(["hard", "soft"]),
    gate=gates,
    weight=st.floats(0.5, 9),
    evidence=st.none() | texts,
    past=pasts,
    to_any=tuples,
)


@contextmanager
def on_disk_beyond(kept: int) -> Iterator[None]:
    """Small numbers of observations are many inside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observed, "KEPT", kept)
        patch.setattr(observed, "BLOCK", 2)
        yield


@settings(max_examples=40)
@given(st.lists(items | links, max_size=9), st.integers(0, 4))
def test_many_are_read_as_they_were_added(seen: list[Observation], kept: int) -> None:
    with on_disk_beyond(kept):
        found = Observed(seen)
        wanted_items = [o for o in seen if isinstance(o, ItemObservation)]
        wanted_links = [o for o in seen if isinstance(o, LinkObservation)]
        assert [*found] == [*wanted_items, *wanted_links]
        # Two readers at once, each at a place of its own, with types and not only values alike.
        pairs = [*zip(found.items(), found.items(), strict=True)]
        assert repr(pairs) == repr([*zip(wanted_items, wanted_items, strict=True)])
        assert (found.items_count, found.links_count) == (len(wanted_items), len(wanted_links))
        found.extend(seen)
        assert [*found.links()] == wanted_links * 2


@settings(max_examples=30)
@given(st.lists(items, max_size=6), st.integers(0, 4))
def test_what_is_said_last_holds_for_what_is_on_disk_too(
    seen: list[ItemObservation], kept: int
) -> None:
    with on_disk_beyond(kept):
        found = Observed(seen)
        found.hide_links()
        assert all(not item.complete for item in found.items())
        assert [item.properties for item in found.items()] == [item.properties for item in seen]


def test_a_disk_that_can_not_be_written_to_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    item = ItemObservation("Server", ("serial:1",), "toy", NOW)
    with on_disk_beyond(1), pytest.raises(InvalidSettings, match="can't hold what was seen"):
        Observed([item, item])


@pytest.mark.parametrize("targets", ["web1 web2 db1", "web1 broken abort", "web1"])
async def test_a_scan_of_many_says_what_one_of_few_says(targets: str) -> None:
    few = await run_scan(SCANNER, ToySettings(), targets.split(), NOW)
    with on_disk_beyond(0):
        many = await run_scan(SCANNER, ToySettings(), targets.split(), NOW)
        assert [*many.observations] == [*few.observations]
    assert (many.counts, many.errors, many.scope) == (few.counts, few.errors, few.scope)


def _written(path: Path, seen: Sequence[Observation]) -> Path:
    path.write_bytes(b"\n".join(encode(line_of_observation(one)) for one in seen))
    return path


def _item(kind: str, name: str) -> ItemObservation:
    return ItemObservation(kind, (f"key:toy/{name}",), "toy", NOW, {"name": name})


def _link(start: str, end: str) -> LinkObservation:
    return LinkObservation("RUNS_ON", f"key:toy/{start}", f"key:toy/{end}", "toy", NOW)


@pytest.mark.parametrize("kept", [0, 1, 100])
async def test_problems_of_ends_name_their_file_and_line(tmp_path: Path, kept: int) -> None:
    stored = _written(tmp_path / "stored.jsonl", [_item("Team", "team")])
    wrong = _written(
        tmp_path / "wrong.jsonl",
        [_link("shop", "late"), _item("SoftwareInstance", "shop"), _link("shop", "host")],
    )
    empty = _written(tmp_path / "empty.jsonl", [])
    more = _written(
        tmp_path / "more.jsonl",
        [_item("Server", "host"), _link("shop", "team"), _item("Team", "late")],
    )
    cmdb = await Cmdb.open(Settings(store="sqlite://:memory:", cache_folder=None))
    with on_disk_beyond(kept):
        await cmdb.load_scan("toy", "", await cmdb.check_files([stored], "toy"), full_scope=False)
        among = await _problems(cmdb, [wrong, empty, more])
        _written(wrong, [_item("SoftwareInstance", "shop"), _link("shop", "host")])
        with_stored = await _problems(cmdb, [wrong, empty, more])
    await cmdb.close()
    assert [(p.file, p.line) for p in among] == [(str(wrong), 1)]
    assert [(p.file, p.line) for p in with_stored] == [(str(more), 2)]


async def _problems(cmdb: Cmdb, files: Sequence[Path]) -> Sequence[Problem]:
    with pytest.raises(InvalidInput) as raised:
        await cmdb.check_files(files, "toy")
    return raised.value.problems
