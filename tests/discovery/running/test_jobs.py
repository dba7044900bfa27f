"""The jobs of a discovery.toml, and all that can be wrong with one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cmdb.errors import InvalidInput
from discovery.jobs import Job, read_jobs

GOOD = """
[office]
scanner = "network"
targets = ["10.0.0.0/24", "printer"]
every = "6h"
jitter = "10m"
timeout = "30m"
retries = 3

[office.settings]
ports = [22, 80]
max_hosts = 256

[nightly]
scanner = "terraform"
cron = "0 3 * * mon-fri"

[here]
scanner = "local"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "discovery.toml"


def _problems(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_jobs(file)
    return [f"{p.line}, {p.field}: {p.message}" for p in caught.value.problems]


def test_a_job_says_what_is_run_and_when(file: Path) -> None:
    file.write_text(GOOD)
    office, nightly, here = read_jobs(file)
    assert office == Job(
        "office",
        "network",
        ("10.0.0.0/24", "printer"),
        {"ports": "22,80", "max_hosts": "256"},
        every=timedelta(hours=6),
        jitter=timedelta(minutes=10),
        timeout=timedelta(minutes=30),
        retries=3,
    )
    assert (nightly.cron, nightly.every) == ("0 3 * * mon-fri", None)
    assert here == Job("here", "local")
    assert [job.schedule for job in (office, nightly, here)] == [
        "every 6 h",
        "cron 0 3 * * mon-fri, UTC",
        "when asked",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[a]\nscanner = "locale"', "2, a.scanner: must name a scanner (did you mean local"),
        ("[local]\ntargets = []", "1, local.scanner: must name a scanner (did you mean local?)"),
        ('[a]\nscanner = "local"\nevery = "often"', "3, a.every: must be a length of time such"),
        ('[a]\nscanner = "local"\nevery = 15', "3, a.every: must be a length of time such as"),
        ('[a]\nscanner = "local"\nevery = "0.2s"', "3, a.every: must be a second or more"),
        ('[a]\nscanner = "local"\ncron = "0 25 * * *"', "3, a.cron: must be five fields such as"),
        ('[a]\nscanner = "local"\ncron = "hourly"', "3, a.cron: must be five fields such as"),
        ('[a]\nscanner = "local"\ncron = 5', "3, a.cron: must be five fields such as"),
        (
            '[a]\nscanner = "local"\nevery = "1h"\ncron = "0 3 * * *"',
            "4, a.cron: stands beside every: give one of both",
        ),
        ('[a]\nscanner = "local"\nretries = true', "3, a.retries: must be a whole number from 0"),
        ('[a]\nscanner = "local"\nretries = 900', "3, a.retries: must be a whole number from 0"),
        ('[a]\nscanner = "local"\ntargets = "web1"', "3, a.targets: must be a list of texts"),
        ('[a]\nscanner = "local"\nevry = "1h"', "3, a.evry: is no setting (did you mean every?)"),
        (
            '[a]\nscanner = "network"\n[a.settings]\nport = 80',
            "4, a.settings.port: is no setting of network (did you mean ports?)",
        ),
        ('[a]\nscanner = "local"\nsettings = 3', "3, a.settings: must be a table of the scanner's"),
        ('"a b" = 3', "1, a b: a job's name is letters, digits, dots, - and _"),
        ("a = 3", "1, a: must be a table that names a scanner"),
    ],
)
def test_a_mistake_is_named_with_its_line(file: Path, text: str, expected: str) -> None:
    (problem,) = _problems(file, text)
    assert problem.startswith(expected)


def test_all_mistakes_of_a_file_are_named_together(file: Path) -> None:
    assert (
        len(_problems(file, '[a]\nscanner = "x"\nretries = -1\n[b]\nscanner = "local"\nz = 1')) == 3
    )


def test_a_file_without_a_job_shows_one(file: Path) -> None:
    file.write_text("")
    with pytest.raises(InvalidInput, match=r'scanner = "local"'):
        read_jobs(file)


def test_a_secret_is_not_read_with_the_file(file: Path) -> None:
    """It may not be there yet, and it is read anew at every run."""
    file.write_text('[a]\nscanner = "terraform"\n[a.settings]\npassword = "env:NOT_THERE"')
    (job,) = read_jobs(file)
    assert job.settings == {"password": "env:NOT_THERE"}
