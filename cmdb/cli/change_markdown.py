"""An assessment as a comment for a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cmdb.cli.change_words import SHOWN, found_by, item_of, summary
from impact.render import sentence, spoken

_MEANING = re.compile(r"[\\`*_{}\[\]|~]")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "#": "&#35;"}


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: in a table too, on one line, and mentioning nobody."""
    text = "".join(_HTML.get(character, character) for character in " ".join(text.split()))
    return _MEANING.sub(lambda found: "\\" + found[0], text)


def markdown(found: Any, refused: Sequence[str]) -> str:
    """The assessment: the verdict first, then what goes down, with the details folded away."""
    risk = f"risk {found.risk.total:g} of 100" if found.risk else "nothing known is taken down"
    parts = [f"### Change assessment: {risk}", *(f"**{escaped(said)}**" for said in refused)]
    parts.append(escaped(summary(found)))
    if found.impact is not None:
        parts.append(escaped(sentence(found.impact)))
    down = [c for c in found.changes if c.effect in ("delete", "replace")]
    if down:
        parts.append(_changes(down, "What goes down"))
    if found.impact is not None and found.impact.services:
        parts.append(
            _table(
                ("Service", "State", "Criticality"),
                [
                    (f"{s.kind} {s.name}", spoken(s.state), s.criticality or "")
                    for s in found.impact.services
                ],
            )
        )
    if found.conflicts:
        listed = "\n".join(
            f"- {escaped(conflict.sentence)}" for conflict in found.conflicts[:SHOWN]
        )
        more = found.total_conflicts - len(found.conflicts[:SHOWN])
        rest = f"\n- … and {more} more" if more > 0 else ""
        parts.append(f"**In the way**\n\n{listed}{rest}")
    if found.unmapped:
        names = "\n".join(f"- {escaped(address)}" for address in found.unmapped[:SHOWN])
        more = len(found.unmapped) - SHOWN
        rest = f"\n- … and {more} more" if more > 0 else ""
        parts.append(
            f"**Not known here**, so what follows from them is not known either:\n\n{names}{rest}"
        )
    if found.risk is not None:
        rows = [
            (f.factor.replace("_", " "), f"{f.points:.1f}", f.sentence)
            for f in found.risk.factors
            if f.points
        ]
        parts.append(
            _folded("Risk, factor by factor", _table(("Factor", "Points", "Because"), rows))
        )
    edited = [c for c in found.changes if c.effect in ("update", "create", "forget")]
    if edited:
        parts.append(_folded("What is edited or created", _changes(edited, "")))
    parts.append(f"<sub>True of revision {found.revision}.</sub>")
    return "\n\n".join(parts) + "\n"


def _changes(changes: Sequence[Any], title: str) -> str:
    table = _table(
        ("Effect", "Resource", "Item", "Found by", "Remark"),
        [
            (c.effect, c.address, "" if c.effect == "create" else item_of(c), found_by(c), c.reason)
            for c in changes
        ],
    )
    return f"**{title}**\n\n{table}" if title else table


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headers)} |", f"|{' --- |' * len(headers)}"]
    lines += [f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows[:SHOWN]]
    more = len(rows) - SHOWN
    return "\n".join(lines) + (f"\n\n… and {more} more" if more > 0 else "")


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
