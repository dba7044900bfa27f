"""Records that another tool keeps: what it says of one is changed there, and not here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from cmdb.errors import Refused
from cmdb.items import Item
from cmdb.reconcile.policy import OPERATOR
from cmdb.records.numbers import called

_MEANT: Mapping[str, str] = MappingProxyType({"impact_manual": "impact"})
"""Properties that decide what others will be."""


def kept_by(record: Item, sources: Collection[str]) -> dict[str, str]:
    """The properties of a record that a source of records says, with the source.

    ``sources`` are those that keep records of their own. A record that was opened here is nobody
    else's, whoever reports it too.
    """
    if f"key:{OPERATOR}/{record.name}" in record.identifiers:
        return {}
    return {
        name: report.source
        for report in record.reports
        if report.source in sources and not report.retired
        for name in report.values
    }


def refuse_edits(record: Item, names: Iterable[str], sources: Collection[str]) -> None:
    """Raise :class:`~cmdb.errors.Refused` where somebody else's words would be overwritten."""
    kept = kept_by(record, sources)
    found = {name: kept[meant] for name in names if (meant := _MEANT.get(name, name)) in kept}
    if not found:
        return
    source = next(iter(found.values()))
    named = ", ".join(_MEANT.get(name, name) for name in found)
    raise Refused(
        f"{called(record)} is kept in {source}: change its {named} there, and the next scan brings "
        "it here. Links, notes and what it does not say can be added here."
    )
