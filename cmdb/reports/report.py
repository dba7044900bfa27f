"""What a report consists of."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Measure(msgspec.Struct, frozen=True):
    """One figure: ``value`` in ``unit``, computed from ``n`` records; None where there are none.

    ``sentence`` says how it is defined. ``records`` are the numbers of the first of those that it
    rests on.
    """

    name: str
    value: float | None
    unit: str
    n: int
    sentence: str
    records: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True):
    """A part of a report, such as a clause of a standard: ``code`` is its number there.

    ``missing`` says what there should be evidence of and is none, ``attest`` what a person has to
    vouch for because no record can.
    """

    code: str
    title: str
    measures: tuple[Measure, ...]
    missing: tuple[str, ...] = ()
    attest: tuple[str, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """A report on the time from ``since`` until before ``until``, as of a revision."""

    name: str
    title: str
    revision: int
    since: datetime
    until: datetime
    sections: tuple[Section, ...]
