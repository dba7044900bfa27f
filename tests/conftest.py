"""What tests of several rooms need: a real Neo4j, empty, for one test at a time, and real data."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import settings

from tests.store.neo4j_server import wipe

# How long an example takes says something about the machine, not about what is tested. A run says
# something about the change, not about luck: the examples are the same until the test changes.
# `make fuzz` draws them anew.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("anew", deadline=None, derandomize=False, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# Tables fold where a line ends: how wide the terminal is that starts the tests must not matter.
os.environ["COLUMNS"] = "200"

HOW = (
    "no Neo4j to test against: run `make neo4j`, then CMDB_TEST_NEO4J=<the address it prints> "
    "make test"
)

SHARED = Path(__file__).resolve().parents[2] / "shared/data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; its licences differ, so it is not part of it."""
    if SHARED.is_dir():
        return SHARED
    how = "no ../shared/data beside the project: real data of others is not tested"
    if os.environ.get("CI") == "true":
        pytest.fail(how)
    pytest.skip(how)


@pytest.fixture(scope="session")
def neo4j_address() -> str:
    """The test server's address with user and password: bolt://neo4j:…@127.0.0.1:7687.

    Where several are given, with spaces between them, processes that test side by side have one
    each.
    """
    addresses = os.environ.get("CMDB_TEST_NEO4J", "").split()
    if addresses:
        process = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        return addresses[int(process) % len(addresses)]
    if os.environ.get("CI") == "true":
        pytest.fail(f"There is {HOW}")
    pytest.skip(HOW)


@pytest.fixture
def empty_neo4j(neo4j_address: str) -> Iterator[str]:
    """The address of the server once its database is empty, for this test alone.

    Tests that run side by side, in other processes too, take turns.
    """
    name = sha256(neo4j_address.encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"cmdb-test-{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        wipe(neo4j_address)
        yield neo4j_address


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason why tests were skipped: it names the command that would help."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in reports
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} skipped: {reason}")
