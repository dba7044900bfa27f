"""Settings of scanners from the command line: typed, and refused with a sentence."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from cmdb.errors import InvalidSettings
from discovery.registry import load_scanner
from discovery.setting_values import Secret
from discovery.settings import describe_settings, parse_assignments, parse_settings


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    deep: Annotated[bool, Meta(description="Whether to look closely.")] = False
    ports: Annotated[tuple[str, ...], Meta(description="What to try.")] = ("22",)
    retries: Annotated[int, Meta(description="How often to try.")] = 3
    timeout: Annotated[float, Meta(description="Seconds to wait.")] = 2.5
    stage: Annotated[Literal["", "test", "live"], Meta(description="Where it is.")] = ""
    site: Annotated[str, Meta(description="What it is called.")] = "here"


def test_texts_become_the_types_of_the_fields() -> None:
    given = parse_assignments(
        ["deep=true", "ports=22, 443", "retries=5", "timeout=1", "stage=live", "site=a=b"]
    )
    assert parse_settings(Settings, given) == Settings(
        deep=True, ports=("22", "443"), retries=5, timeout=1.0, stage="live", site="a=b"
    )


def test_what_is_left_out_has_its_default() -> None:
    assert parse_settings(Settings, {}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "right"),
    [
        ("deep", "perhaps", "true or false"),
        ("retries", "often", "a whole number"),
        ("retries", "1.5", "a whole number"),
        ("timeout", "long", "a number"),
        ("stage", "prod", "empty, test or live"),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(name: str, text: str, right: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_settings(Settings, {name: text})
    (problem,) = caught.value.problems
    assert problem.field == name
    assert problem.message == f"It must be {right}, not {text!r}."


def test_an_unknown_setting_is_told_with_the_nearest_and_all_there_are() -> None:
    with pytest.raises(InvalidSettings, match=r"did you mean retries\?") as caught:
        parse_settings(Settings, {"retrys": "1"})
    assert "There are deep, ports, retries, timeout, stage, site." in caught.value.message


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_settings(Settings, {"deep": "x", "retries": "y", "nothing": "z"})
    assert [p.field for p in caught.value.problems] == ["deep", "retries", "nothing"]


@pytest.mark.parametrize("words", [["deep"], ["=true"], ["deep=true", "deep=false"]])
def test_what_is_no_assignment_is_refused(words: list[str]) -> None:
    with pytest.raises(InvalidSettings):
        parse_assignments(words)


def test_settings_describe_themselves() -> None:
    described = {s.name: s for s in describe_settings(Settings)}
    assert list(described) == ["deep", "ports", "retries", "timeout", "stage", "site"]
    assert described["stage"].right == "empty, test or live"
    assert described["ports"].default == ["22"]
    assert described["retries"].description == "How often to try."


def test_the_settings_that_the_docs_show_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).parents[2] / "docs/practices/records-in.md"
    blocks = re.findall(r"^```toml\n(\[scan\..*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    shown = tomllib.loads("\n".join(blocks))["scan"]
    assert set(shown) == {"servicenow", "jira", "pagerduty"}
    for name, given in shown.items():
        for value in given.values():
            if str(value).startswith("env:"):
                monkeypatch.setenv(value.removeprefix("env:"), "secret")
        texts = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in given.items()}
        scanner = load_scanner(name)
        settings = parse_settings(scanner.manifest.settings, texts)
        assert scanner.scope is not None
        assert scanner.scope(settings).startswith("acme")


def test_a_secret_is_read_from_its_place_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Login(msgspec.Struct, frozen=True):
        password: Annotated[Secret, Meta(description="Where it is.")] = Secret()

    monkeypatch.setenv("DESK", " hunter2 ")
    (tmp_path / "secret").write_text("hunter2\n")
    for place in ("env:DESK", f"file:{tmp_path / 'secret'}"):
        settings = parse_settings(Login, {"password": place})
        assert settings.password.value == "hunter2"
        assert "hunter2" not in repr(settings) + str(settings.password)
    assert not parse_settings(Login, {}).password
    for wrong in ("hunter2", "env:NOWHERE", f"file:{tmp_path / 'gone'}", f"file:{tmp_path}"):
        with pytest.raises(InvalidSettings) as caught:
            parse_settings(Login, {"password": wrong})
        assert "hunter2" not in caught.value.message


def test_bounds_are_told() -> None:
    class Bounded(msgspec.Struct, frozen=True):
        often: Annotated[int, Meta(description="How often.", ge=1, le=9)] = 3

    with pytest.raises(InvalidSettings, match="must be a whole number from 1 to 9, not '0'"):
        parse_settings(Bounded, {"often": "0"})
