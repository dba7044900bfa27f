"""Pictures as Graphviz source, read back by a parser that is not ours."""

from __future__ import annotations

from random import Random

import pytest

from impact.analysis import analyse
from impact.picture import picture
from impact.picture_dot import picture_dot
from impact.picture_text import clean
from tests.impact.random_estates import random_estate, random_failure
from tests.impact.test_picture_forms import NASTY, drawn

pydot = pytest.importorskip("pydot")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pydot's own, of its parser


def read(source: str) -> tuple[dict[str, str], int]:
    """The label of every node as Graphviz prints it, and how many edges there are."""
    (graph,) = pydot.graph_from_dot_data(source)
    nodes = {n.get_name(): n for n in graph.get_nodes() if n.get_name()[1:].isdigit()}
    return {name: _printed(node.get_label()) for name, node in nodes.items()}, len(
        graph.get_edges()
    )


def _printed(quoted: str) -> str:
    """What Graphviz makes of a label: ``\\n`` breaks the line, other escapes are the character."""
    inner, out = iter(quoted[1:-1]), ""
    for character in inner:
        if character == "\\":
            following = next(inner)
            out += "\n" if following == "n" else following
        else:
            out += character
    return out


@pytest.mark.parametrize("name", NASTY)
def test_any_name_is_shown_as_it_is(name: str) -> None:
    source = picture_dot(drawn(name, "other"), name)
    labels, edges = read(source)
    assert labels == {
        "n0": f"{clean(f'Server {name}')}\ndown, failed itself",
        "n1": "Server other\ndown",
    }
    assert edges == 1
    assert len(source.splitlines()) == 8


@pytest.mark.parametrize("seed", range(12))
def test_it_has_every_box_and_arrow_of_a_picture(seed: int) -> None:
    random = Random(seed)
    estate = random_estate(random).build()
    made = picture(analyse(estate, random_failure(random, estate)))
    labels, edges = read(picture_dot(made, "a title"))
    assert len(labels) == len(made.boxes)
    assert edges == len({(e.from_id, e.to_id) for e in made.edges})
