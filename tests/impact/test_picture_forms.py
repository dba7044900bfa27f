"""Pictures as Mermaid and SVG."""

from __future__ import annotations

import re
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impact.analysis import analyse
from impact.picture import MOST_BOXES, Box, BoxEdge, Picture, picture
from impact.picture_mermaid import picture_mermaid
from impact.picture_svg import picture_svg
from impact.picture_text import clean
from impact.states import State
from tests.impact.drawing import Drawing
from tests.impact.random_estates import random_estate, random_failure

SVG = "{http://www.w3.org/2000/svg}"
NASTY = (
    'a"b',
    "a\\",
    "<script>alert(1)</script>",
    "a&amp;b",
    "tab\tnew\nline\x00\x1b",
    "`code` **bold**",
    "end];n9[x",
    "#quot;",
    "subgraph end",
    "日本語 ünï",
    "x" * 5000,
    "]]>",
    "\ud800",
    "",
)


def drawn(*names: str) -> Picture:
    boxes = tuple(
        Box(f"id{at}", name, "Server", "down", 1, (f"id{at}",), at, at == 0)
        for at, name in enumerate(names)
    )
    edges = tuple(
        BoxEdge(f"id{at}", f"id{at + 1}", "RUNS_ON", at + 1) for at in range(len(names) - 1)
    )
    return Picture(boxes, edges)


@pytest.mark.parametrize("name", NASTY)
def test_svg_is_xml_with_a_title_a_description_and_every_box(name: str) -> None:
    root = ElementTree.fromstring(picture_svg(drawn(name, "other"), name))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    found = {e.get("id"): e.text for e in root.iter() if e.get("id")}
    assert found[ids[0]] == (clean(name) or None)
    assert (found[ids[1]] or "").endswith("Server other: down")
    assert [g.get("class") for g in root.iter(f"{SVG}g")] == ["down cause", "down"]
    assert {e.tag for e in root.iter()} <= {
        f"{SVG}{tag}" for tag in "svg title desc style defs marker path rect text g".split()
    }


@pytest.mark.parametrize("name", NASTY)
def test_mermaid_escapes_what_means_something(name: str) -> None:
    source = picture_mermaid(drawn(name, "other"), name)
    lines = source.splitlines()
    assert lines[0] == "flowchart LR"
    (node,) = (line for line in lines if line.startswith("  n0["))
    match = re.fullmatch(r'  n0\["(.*)"\]:::down', node)
    assert match is not None
    label = match[1].replace("<br/>", " ")
    assert not re.search(r'["<>`\[\]{}|&*\\]', label)
    decoded = re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label)
    assert "#" not in re.sub(r"#\d+;", "", label)
    assert decoded == f"{clean(f'Server {name}')} down, failed itself"


@given(st.lists(st.text(max_size=40), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_text_can_be_drawn(names: list[str]) -> None:
    made = drawn(*names)
    ElementTree.fromstring(picture_svg(made, names[0]))
    nodes = [n for n in picture_mermaid(made, names[0]).splitlines() if re.match(r"  n\d+\[", n)]
    assert len(nodes) == len(names)


@pytest.mark.parametrize("seed", range(60))
def test_every_form_has_every_box_and_arrow_of_a_picture(seed: int) -> None:
    random = Random(seed)
    estate = random_estate(random).build()
    made = picture(analyse(estate, random_failure(random, estate)))
    joined = {(e.from_id, e.to_id) for e in made.edges}
    root = ElementTree.fromstring(picture_svg(made, "a title"))
    assert len(list(root.iter(f"{SVG}g"))) == len(made.boxes)
    arrows = [p for p in root.iter(f"{SVG}path") if p.get("marker-end")]
    assert len(arrows) == len(joined)
    assert picture_mermaid(made, "a title").count(" -->|") == len(joined)


def test_boxes_do_not_lie_on_each_other_and_stay_inside() -> None:
    drawing = Drawing()
    for number in range(50):
        drawing.link(f"s{number}", "DEPENDS_ON", "a").link(f"t{number}", "USES", f"s{number}")
    root = ElementTree.fromstring(picture_svg(picture(drawing.fail("a")), "t"))
    corners = [
        (int(rect.get("x", "0")), int(rect.get("y", "0")))
        for group in root.iter(f"{SVG}g")
        for rect in group.iter(f"{SVG}rect")
    ]
    assert len(set(corners)) == len(corners)
    for x, y in corners:
        assert 0 <= x <= int(root.get("width", "0")) - 200
        assert 0 <= y <= int(root.get("height", "0")) - 44
        near = [c for c in corners if abs(c[0] - x) < 200 and abs(c[1] - y) < 44]
        assert near == [(x, y)]


def test_more_failures_than_a_picture_holds_are_collapsed_apart_from_the_rest() -> None:
    drawing = Drawing().add("Server", *(f"f{n}" for n in range(500)))
    for number in range(500):
        drawing.link(f"s{number}", "DEPENDS_ON", f"f{number}")
    analysis = analyse(drawing.estate(), [f"f{n}" for n in range(500)], State.DOWN)
    made = picture(analysis)
    assert len(made.boxes) <= MOST_BOXES
    assert sum(box.count for box in made.boxes) == 1000
    assert sum(box.count for box in made.boxes if box.cause) == 500
    for box in made.boxes:
        assert box.cause == all(member.startswith("f") for member in box.members)


def test_colour_is_never_all_that_tells_a_state() -> None:
    source = picture_svg(drawn("a"), "t")
    assert "Server, down, failed itself" in source
