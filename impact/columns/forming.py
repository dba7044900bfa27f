"""All gates of an estate from its columns.

Most gates are one link and stay a number. Most others have members that weigh the same: those are
told apart and counted in columns, and become values at once. What is left goes the way of
:mod:`impact.gates`, whose answers these are, to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cmdb.catalogue import Relation
from cmdb.items import Item, Link
from cmdb.items.value import Value
from impact.columns.links import LinkColumns
from impact.columns.relations import (
    FROM_TO,
    NO_IMPACT,
    NOTHING,
    ODD,
    RelationTable,
    TermsTable,
)
from impact.compiled.arrays import I32, I64, U8, U32
from impact.gates import Form, Gate, GateFormer, Standbys, Wire
from impact.health import Finding
from impact.min_up import parse_min_up

Flags = npt.NDArray[np.bool_]

FORMS = tuple(sorted(Form))
CLUSTER, NAMED, POWER, SINGLE, STANDBY = (FORMS.index(form) for form in FORMS)


class Wires(NamedTuple):
    """The links that carry impact: link, provider and dependent, side by side."""

    link: I64
    provider: U32
    dependent: U32

    def only(self, which: npt.NDArray[Any]) -> Wires:
        """Some of them."""
        return Wires(self.link[which], self.provider[which], self.dependent[which])


@dataclass(frozen=True)
class Formed:
    """All gates, sorted by dependent, form and name. ``code`` has the link of a gate that is one
    link whole, and -1 - n for the gate ``groups[n]``."""

    dependent: U32
    code: I32
    groups: list[Gate]
    findings: dict[int, tuple[Finding, ...]]
    """By dependent."""


def wires_of(columns: LinkColumns, there: Flags, table: RelationTable) -> Wires:
    """The links that carry impact; a link from an item to itself does not."""
    used = columns.used
    direction = table.direction[columns.relation[:used]]
    start, end = columns.start[:used], columns.end[:used]
    links = np.flatnonzero(there[:used] & (direction != NO_IMPACT) & (start != end))
    turned = direction[links] == FROM_TO
    start, end = start[links], end[links]
    return Wires(links, np.where(turned, start, end), np.where(turned, end, start))


def standbys_of(columns: LinkColumns, there: Flags, table: RelationTable) -> Standbys:
    """Who takes over for whom."""
    used = columns.used
    start, end = columns.start[:used], columns.end[:used]
    links = np.flatnonzero(there[:used] & table.standby[columns.relation[:used]] & (start != end))
    standbys = Standbys()
    for link in links.tolist():
        standbys.add(link, int(start[link]), int(end[link]))
    return standbys


def form_all(
    columns: LinkColumns,
    wires: Wires,
    tables: tuple[RelationTable, TermsTable],
    standbys: Standbys,
    primaries: Flags,
    values: tuple[Sequence[Item], Sequence[Link], Mapping[str, Relation]],
) -> Formed:
    """The gates of all dependents. ``primaries`` marks the items that fail over to others.

    O(links log links), of which only gates of more than one link and odd ones cost microseconds.
    """
    relations, terms = tables
    code = columns.terms[wires.link]
    relation = columns.relation[wires.link]
    named = terms.name[code] >= 0
    form = np.full(len(code), SINGLE, np.uint8)
    form[primaries[wires.provider]] = STANDBY
    form[relations.powered_by[relation]] = POWER
    form[relations.member_of[relation]] = CLUSTER
    form[named] = NAMED
    soft = terms.soft[code] | relations.soft[relation]
    is_plain = (form == SINGLE) & (terms.weight[code] != NOTHING) & (terms.weight[code] != ODD)
    former = GateFormer(*values, standbys)
    forming = _Forming(former, terms)
    rest = ~is_plain
    group_rows = forming.groups(
        wires.only(rest), form[rest], terms.name[code[rest]], code[rest], soft[rest]
    )
    return _in_order(wires.only(is_plain), group_rows, forming.findings)


class _Row(NamedTuple):
    """A gate that is not one whole link, and what it is sorted by after its dependent."""

    form: int
    sequence: int
    gate: Gate


def _in_order(
    plain: Wires, rows: Sequence[_Row], findings: Mapping[int, tuple[Finding, ...]]
) -> Formed:
    count = len(rows)
    dependent = np.concatenate(
        [plain.dependent, np.fromiter((r.gate.dependent for r in rows), np.uint32, count)]
    )
    form = np.concatenate(
        [
            np.full(len(plain.link), SINGLE, np.uint8),
            np.fromiter((row.form for row in rows), np.uint8, count),
        ]
    )
    sequence = np.concatenate(
        [plain.link, np.fromiter((row.sequence for row in rows), np.int64, count)]
    )
    code = np.concatenate([plain.link, -1 - np.arange(count)]).astype(np.int32)
    order = np.lexsort((sequence, form, dependent))
    return Formed(dependent[order], code[order], [row.gate for row in rows], dict(findings))


class _Forming:
    def __init__(self, former: GateFormer, terms: TermsTable) -> None:
        self.former = former
        self.terms = terms
        self.findings: dict[int, tuple[Finding, ...]] = {}
        self._needed: dict[tuple[str, Value, int], tuple[int, int] | None] = {}

    def groups(self, wires: Wires, form: U8, names_of: I32, code: U32, soft: Flags) -> list[_Row]:
        """The gates of wires that are not one whole link each."""
        own = (form == SINGLE) | (form == STANDBY)
        # A link of its own is its own name; the names of the others are in order already.
        name = np.where(own, wires.link, np.where(form == NAMED, names_of, 0))
        order = np.lexsort((wires.link, wires.provider, name, form, wires.dependent))
        wires, form, name = wires.only(order), form[order], name[order]
        code, soft = code[order], soft[order]
        if not len(form):
            return []
        differs = (
            (wires.dependent[1:] != wires.dependent[:-1])
            | (form[1:] != form[:-1])
            | (name[1:] != name[:-1])
        )
        first = np.concatenate([[0], np.flatnonzero(differs) + 1])
        last = np.concatenate([first[1:], [len(form)]])
        doubled = np.zeros(len(form), np.bool_)
        doubled[1:] = ~differs & (wires.provider[1:] == wires.provider[:-1])
        is_even = np.logical_and.reduceat(self.terms.even[code] & ~doubled, first)
        is_soft = np.logical_and.reduceat(soft, first)
        same_terms = np.logical_or(
            np.maximum.reduceat(code, first) == np.minimum.reduceat(code, first), last - first == 1
        )
        bounds = zip(first.tolist(), last.tolist(), is_even.tolist(), is_soft.tolist(), strict=True)
        columns = (wires.link.tolist(), wires.provider.tolist(), wires.dependent.tolist())
        forms, names, codes = form.tolist(), name.tolist(), code.tolist()
        rows: list[_Row] = []
        for (start, end, even, softened), same in zip(bounds, same_terms.tolist(), strict=True):
            at_form, dependent = forms[start], columns[2][start]
            gate = None
            if even and at_form in (CLUSTER, NAMED, POWER):
                gate = self._even(
                    at_form,
                    dependent,
                    codes[start] if same else None,
                    columns[1][start:end],
                    columns[0][start:end],
                    softened,
                )
            if gate is None:
                found = map(Wire, *(column[start:end] for column in columns))
                gate = self._odd(at_form, dependent, names[start], list(found))
            rows.append(_Row(at_form, names[start], gate))
        return rows

    def _even(
        self,
        form: int,
        dependent: int,
        code: int | None,
        members: list[int],
        links: list[int],
        soft: bool,
    ) -> Gate | None:
        """A gate of members that weigh the same; None where there is more to it."""
        name = ""
        asked: Value = 1
        if form == NAMED:
            gate = None if code is None else self.terms.rows[code].gate
            if gate is None:
                return None
            name, asked = gate.name, gate.min_up
        elif form == CLUSTER:
            asked = self.former.items[dependent].properties.get("min_up", 1)
        count = len(members)
        found = self._needed_of(asked, count)
        if found is None:
            return None
        needed, scale = found
        return Gate(
            dependent=dependent,
            form=FORMS[form],
            name=name,
            members=tuple(members),
            weights=(scale,) * count,
            needed=needed,
            total=count * scale,
            scale=scale,
            soft=soft,
            links=tuple(links),
        )

    def _needed_of(self, asked: Value, count: int) -> tuple[int, int] | None:
        """What is needed of so many, and in what parts; None where there is something to say."""
        if isinstance(asked, list):
            return None
        key = type(asked).__name__, asked, count
        if key not in self._needed:
            parsed = parse_min_up(asked)
            weight = Fraction(count + 1) if parsed is None else parsed.weight(Fraction(count))
            scale = weight.denominator
            self._needed[key] = None if weight > count else (int(weight * scale), scale)
        return self._needed[key]

    def _odd(self, form: int, dependent: int, name: int, wires: list[Wire]) -> Gate:
        known = FORMS[form]
        text = ""
        if known is Form.NAMED:
            text = self.terms.names[name]
        elif known in (Form.SINGLE, Form.STANDBY):
            text = self.former.links[wires[0].link].id
        gate = self.former.gate(dependent, known, text, wires)
        if self.former.findings:
            mine = (*self.findings.get(dependent, ()), *self.former.findings)
            self.findings[dependent] = tuple(dict.fromkeys(mine))
            self.former.findings.clear()
        return gate
