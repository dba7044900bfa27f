"""A picture as Graphviz source (the DOT language)."""

from __future__ import annotations

from impact.picture import Picture
from impact.picture_text import arrows, clean, first_line, second_line

FILL = {"down": "#f8d0d0", "degraded": "#fbe5b8", "at_risk": "#d3e9f7", "up": "#ddf0dd"}


def picture_dot(picture: Picture, title: str) -> str:
    """One directed graph, ending in a line break. A failure goes along its arrows."""
    lines = [
        "digraph impact {",
        f"  graph [rankdir=LR, labelloc=t, label={_quoted(title)}];",
        '  node [shape=box, style="filled,rounded", fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    for at, box in enumerate(picture.boxes):
        label = f'"{_escaped(first_line(box))}\\n{_escaped(second_line(box))}"'
        width = ", penwidth=3" if box.cause else ""
        lines.append(f'  n{at} [label={label}, fillcolor="{FILL[box.state]}"{width}];')
    lines += [f"  n{a.start} -> n{a.end} [label={_quoted(a.label)}];" for a in arrows(picture)]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return f'"{_escaped(clean(text))}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
