"""No secret that a source comes across is in anything that is written, logged or said."""

from __future__ import annotations

import dataclasses
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cmdb.cli.main import run_main
from discovery.registry import load_scanner, own_names
from discovery.scanner import Failure, Scanner, decode_payload, encode_payload
from discovery.secret_places import PLACES
from tests.discovery.planted.cases import CASES
from tests.discovery.planted.ground import Case, Ground, Planted, Words, forms, found_in
from tests.discovery.planted.places import kept_in

AWAY = "http://127.0.0.1:9"


def test_every_source_has_a_case() -> None:
    missing = set(own_names()) - set(CASES)
    assert not missing, f"plant secrets for {missing}: one entry each in cases.py"
    assert sorted(CASES) == list(own_names())


def test_a_secret_is_found_in_every_form() -> None:
    secret = "pl4nted/one+2"
    texts = [
        f"a {secret} b",
        "pl4nted%2Fone%2B2",
        '"pl4nted\\/one+2"',
        "706c346e7465642f6f6e652b32",
    ]
    # "pl4nted/one+2", "u:pl4nted/one+2" and "me:pl4nted/one+2" in base64.
    texts += ["cGw0bnRlZC9vbmUrMg==", "dTpwbDRudGVkL29uZSsy", "bWU6cGw0bnRlZC9vbmUrMg=="]
    assert [found_in(text.encode(), (secret,)) for text in texts] == [[secret]] * len(texts)
    assert found_in(b"planted/one+2 cGw0bnRlZC90d28rMg==", (secret,)) == []
    assert all(len(form) > 7 for form in forms(secret))


class Recorder:
    """A scanner that keeps the payloads that it fetches, as recordings, and can replay them."""

    def __init__(self, scanner: Scanner[Any, Any]) -> None:
        self._scanner = scanner
        self.recordings: list[bytes] = []
        self.replays = False

    async def _fetch(
        self, settings: Any, targets: Sequence[str], since: datetime | None
    ) -> AsyncIterator[Any]:
        if self.replays:
            for recording in self.recordings:
                yield decode_payload(self._scanner, recording)
            return
        async for found in self._scanner.fetch(settings, targets, since):
            if not isinstance(found, Failure):
                assert isinstance(found, msgspec.Struct)
                recording = encode_payload(found)
                assert decode_payload(self._scanner, recording) == found
                self.recordings.append(recording)
            yield found

    def scanner(self) -> Scanner[Any, Any]:
        return dataclasses.replace(self._scanner, fetch=self._fetch)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A file with all that is logged, by whomever and however unimportant."""
    path = tmp_path / "kept/everything.log"
    path.parent.mkdir()
    handler = logging.FileHandler(path)
    handler.setLevel(logging.DEBUG)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.captureWarnings(True)
    yield path
    logging.captureWarnings(False)
    root.setLevel(before)
    root.removeHandler(handler)
    handler.close()


class Look:
    """Scans what a case plants, and looks for it in all that is kept and said."""

    def __init__(
        self,
        folder: Path,
        log: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        self._ground = Ground(folder / "ground", monkeypatch)
        self._ground.folder.mkdir()
        self._kept = log.parent
        self._capfd = capfd
        self._said: list[str] = []
        monkeypatch.setenv("CMDB_STORE", f"sqlite:///{self._kept}/estate.db")
        monkeypatch.setenv("CMDB_SPOOL_FOLDER", str(self._kept / "spool"))

    def at(self, name: str, case: Case) -> None:
        """Scan that source; fails where a secret of the case is found."""
        recorder = Recorder(load_scanner(name))
        self._ground.monkeypatch.setattr(
            "discovery.registry.load_scanner", lambda _: recorder.scanner()
        )
        assert run_main(["items"]) == 0
        database = self._kept / "estate.db"
        with case(self._ground) as planted, closing(sqlite3.connect(database)) as other:
            # While another has it open, the write-ahead log is not put away.
            other.execute("select count(*) from sqlite_master").fetchone()
            self._scans(name, planted, recorder)
            (self._kept / "said").write_text("".join(self._said))
            (self._kept / "payloads").write_bytes(b"\n".join(recorder.recordings))
            self._check(planted)

    def _scans(self, name: str, planted: Planted, recorder: Recorder) -> None:
        """Scan well and badly, into the store and for a server that is away."""
        away = ("--json", "--to", AWAY)
        self._scan(name, planted.scan, (0, 4))
        recorder.replays = True
        self._scan(name, planted.scan, (0, 4), *away)
        recorder.replays = False
        for number, words in enumerate(planted.failing):
            self._scan(name, words, (2, 3, 4), *(away if number % 2 else ()))
        assert run_main(["runs", "--json"]) == 0
        self._said.append(self._capfd.readouterr().out)

    def _scan(self, name: str, words: Words, right: Sequence[int], *more: str) -> None:
        status = run_main(["scan", name, *words.settings_line(), *more, "--", *words.targets])
        told = self._capfd.readouterr()
        assert status in right, f"{words}: {status} {told.out} {told.err}"
        self._said += [told.out, told.err]

    def _check(self, planted: Planted) -> None:
        files = [path for path in self._kept.rglob("*") if path.is_file()]
        written = {str(path.relative_to(self._kept)): path.read_bytes() for path in files}
        assert written["estate.db-wal"]
        assert written["payloads"]
        assert any(name.endswith(".ndjson") for name in written)
        assert planted.seen.encode() in written["estate.db"] + written["estate.db-wal"]
        leaks = {
            name: found
            for name, text in written.items()
            if (found := found_in(text, planted.secrets))
        }
        assert leaks == {}


@pytest.fixture
def look(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Look:
    return Look(tmp_path, log, monkeypatch, capfd)


@pytest.mark.parametrize("name", own_names())
def test_no_secret_is_kept_or_said(name: str, look: Look) -> None:
    look.at(name, CASES[name])


@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_secret_is_kept_or_said_wherever_it_is_from(place: str, look: Look) -> None:
    look.at("pagerduty", kept_in(place))
