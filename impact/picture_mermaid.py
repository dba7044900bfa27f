"""A picture as Mermaid source, which many wikis and code hosts draw."""

from __future__ import annotations

import re

from impact.picture import Picture
from impact.picture_text import arrows, clean, first_line, second_line

CLASSES = {
    "down": "fill:#f8d0d0,stroke:#a32020,color:#1a1a1a",
    "degraded": "fill:#fbe5b8,stroke:#8a5a00,color:#1a1a1a",
    "at_risk": "fill:#d3e9f7,stroke:#1c5f8a,color:#1a1a1a",
    "up": "fill:#ddf0dd,stroke:#2f6b2f,color:#1a1a1a",
}
_SPECIAL = re.compile(r"[^\w \-.,:×…()/@+=]")


def picture_mermaid(picture: Picture, title: str) -> str:
    """One flowchart, ending in a line break. A failure goes along its arrows.

    Whatever has a meaning in Mermaid, HTML or Markdown is written as a character code.
    """
    lines = ["flowchart LR", f"  accTitle: {_plain(title)}"]
    for at, box in enumerate(picture.boxes):
        label = f"{_escaped(first_line(box))}<br/>{_escaped(second_line(box))}"
        lines.append(f'  n{at}["{label}"]:::{box.state}')
    lines += [f'  n{a.start} -->|"{_escaped(a.label)}"| n{a.end}' for a in arrows(picture)]
    used = {box.state for box in picture.boxes}
    lines += [f"  classDef {state} {how}" for state, how in CLASSES.items() if state in used]
    causes = [f"n{at}" for at, box in enumerate(picture.boxes) if box.cause]
    if causes:
        lines.append(f"  style {','.join(causes)} stroke-width:4px")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return _SPECIAL.sub(" ", clean(text))


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text)
