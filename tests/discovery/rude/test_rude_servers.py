"""Servers that are rude to one part of a scan: it ends, the part is named, and the rest is in.

That each ends is what is tested: a scan that waits for ever would never come to its assertions.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cmdb.errors import CmdbError
from discovery.registry import load_scanner, own_names
from discovery.run import run_scan
from tests.discovery.rude.behaviour import (
    BEHAVIOURS,
    PIECE,
    Behaviour,
    Server,
    answering,
    served,
)
from tests.discovery.rude.sources import ELSEWHERE, SOURCES

MOST_PAGES = 20
ENDS = (".", "?")
"""Of a sentence."""
NAMES = sorted(SOURCES)
EACH = pytest.mark.parametrize("name", NAMES)
EVERY_WAY = pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda b: b.__name__)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little of it: one attempt, and few pages."""
    for module in ("remote", "kubernetes.client", "aws.client"):
        monkeypatch.setattr(f"discovery.{module}.ATTEMPTS", 1)
    for module in ("remote", "aws.bounded"):
        monkeypatch.setattr(f"discovery.{module}.SLOWEST", 1)
    monkeypatch.setattr("discovery.remote.MOST_PAGES", MOST_PAGES)
    monkeypatch.setattr("discovery.aws.client.MAX_PAGES", MOST_PAGES)
    monkeypatch.setattr("discovery.kubernetes.client.MAX_OBJECTS", MOST_PAGES)
    for variable, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(variable, value)


def test_every_source_is_here_or_elsewhere() -> None:
    missing = set(own_names()) - set(SOURCES) - set(ELSEWHERE)
    assert not missing, f"say in sources.py how {missing} meet rude servers"
    assert set(SOURCES) | set(ELSEWHERE) == set(own_names())
    tests = [where for where in ELSEWHERE.values() if where.endswith(".py")]
    assert all((Path(__file__).parent / where).is_file() for where in tests)


@EVERY_WAY
@EACH
async def test_a_rude_part_is_named_and_the_rest_is_in(
    name: str, behaviour: Behaviour, tmp_path: Path
) -> None:
    server = await _one_part_fails(name, behaviour, tmp_path)
    assert server.sent < 100 * PIECE


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name in NAMES for n in range(len(SOURCES[name].endless))]
)
async def test_pages_without_end_are_left(name: str, number: int, tmp_path: Path) -> None:
    server = await _one_part_fails(name, answering(SOURCES[name].endless[number]), tmp_path)
    assert 0 < len(server.asked) <= 2 * MOST_PAGES + 1


async def _one_part_fails(name: str, behaviour: Behaviour, folder: Path) -> Server:
    source = SOURCES[name]
    with served(behaviour, source.is_rude, source.good) as (url, server):
        settings, targets = source.scan(url, folder)
        found = await run_scan(load_scanner(name), settings, targets)
    assert [e for e in found.errors if source.part in e and e.endswith(ENDS)], found.errors
    assert not found.full_scope
    assert found.counts[source.item] > 0
    assert server.asked
    return server


@EVERY_WAY
@EACH
async def test_a_server_that_is_rude_from_the_start_is_named(
    name: str, behaviour: Behaviour, tmp_path: Path
) -> None:
    source = SOURCES[name]
    with served(behaviour, lambda _: True, source.good) as (url, server):
        settings, targets = source.scan(url, tmp_path)
        try:
            found = await run_scan(load_scanner(name), settings, targets)
        except CmdbError as error:
            said = [error.message]
        else:
            said = list(found.errors)
            assert not found.full_scope
    assert said
    assert all(one.endswith(ENDS) and "Traceback" not in one for one in said)
    assert server.sent < 100 * PIECE * len(server.asked)
