"""What a link or an item rests on: somebody's declaration, an observation, or both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cmdb.items import Item, ItemReport, Link, LinkReport
from cmdb.reconcile.policy import Policy

Basis = Literal["declared", "observed", "both"]


def basis_of(entity: Item | Link, policy: Policy) -> Basis:
    """Whose word it rests on: of the sources that still see it, or else of all that ever did."""
    reports: Sequence[ItemReport | LinkReport] = entity.reports
    live = [report for report in reports if report.missing_since is None] or reports
    said = {policy.is_declared(report.source) for report in live}
    if len(said) == 2:
        return "both"
    return "declared" if said == {True} else "observed"
