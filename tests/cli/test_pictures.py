"""Pictures of a blast radius on the command line."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from cmdb.cli.main import run_main


def drawn(store: str, capfd: pytest.CaptureFixture[str], language: str) -> str:
    capfd.readouterr()
    arguments = ["impact", "dc1-r03-acc-sw1", "--format", language, "--store", store]
    assert run_main(arguments) == 0
    return capfd.readouterr().out


def test_all_languages_draw_the_same_boxes(demo: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = json.loads(drawn(demo, capfd, "json"))
    assert {"revision", "as_of", "sentence", "boxes", "edges"} == data.keys()
    assert sum(box["count"] for box in data["boxes"] if box["state"] == "down") == 59
    count = len(data["boxes"])
    svg = ElementTree.fromstring(drawn(demo, capfd, "svg"))
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}g"))) == count
    assert drawn(demo, capfd, "dot").count("fillcolor=") == count
    assert drawn(demo, capfd, "mermaid").count("]:::") == count


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "png"], "'png' is not one of"),
        (["--format", "svg", "--explain", "dc1-hv05"], "can't be combined with --explain"),
        (["--format", "svg", "--compare", "1"], "can't be combined with --compare"),
    ],
)
def test_what_can_not_be_drawn(
    options: list[str], said: str, demo: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_main(["impact", "dc1-r03-acc-sw1", "--store", demo, *options]) == 2
    assert said in capfd.readouterr().err
