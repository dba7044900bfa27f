"""DORA's five metrics, per service: deployments are changes that bring software to production.

A deployment is of the services that its change works on. What it broke is found where an incident
says that the change caused it, or where the change failed or was backed out.
"""

from __future__ import annotations

from statistics import median

from cmdb.items import Item
from cmdb.reports.desk import Desk, hours, numbers, says
from cmdb.reports.report import Measure, Section


def dora(desk: Desk) -> tuple[Section, ...]:
    """A section a service that was deployed in the window, by name."""
    by_service: dict[str, list[Item]] = {}
    for change in desk.within("Change", "work_end"):
        if change.properties.get("deployment") is True:
            for item in desk.ends(change, "CHANGES"):
                if item.kind == "ServiceInstance":
                    by_service.setdefault(item.id, []).append(change)
    services = sorted(by_service, key=lambda i: (desk.items[i].name, i))
    return tuple(_service(desk, desk.items[i].name, by_service[i]) for i in services)


def _service(desk: Desk, name: str, deployments: list[Item]) -> Section:
    lead = [h for c in deployments if (h := hours(c, "committed_at", "work_end")) is not None]
    failed = [c for c in deployments if _failed(desk, c)]
    recoveries = [
        h
        for c in failed
        for i in desk.linked_from(c, "CAUSED_BY")
        if i.kind == "Incident" and (h := hours(i, "opened_at", "resolved_at")) is not None
    ]
    rework = [c for c in deployments if says("change_type", "emergency")(c)]
    shown, total = numbers(deployments), len(deployments)
    return Section(
        "",
        name,
        (
            Measure(
                "Change lead time, median",
                _median(lead),
                "h",
                len(lead),
                "From the commit until it ran in production.",
                shown,
            ),
            Measure(
                "Deployment frequency",
                round(7 * total / desk.days, 2) if desk.days > 0 else None,
                "1/week",
                total,
                "Deployments in the window.",
                shown,
            ),
            Measure(
                "Failed deployment recovery time, median",
                _median(recoveries),
                "h",
                len(recoveries),
                "Of incidents that a deployment caused, until restored.",
                numbers(failed),
            ),
            Measure(
                "Change fail rate",
                round(100 * len(failed) / total, 1),
                "%",
                total,
                "Deployments that failed, were backed out, or caused an incident.",
                numbers(failed),
            ),
            Measure(
                "Rework rate",
                round(100 * len(rework) / total, 1),
                "%",
                total,
                "Deployments that nobody had planned: emergencies.",
                numbers(rework),
            ),
        ),
    )  # fmt: skip - a table


def _failed(desk: Desk, change: Item) -> bool:
    if says("close_code", "failed", "backed_out")(change):
        return True
    return any(i.kind == "Incident" for i in desk.linked_from(change, "CAUSED_BY"))


def _median(values: list[float]) -> float | None:
    return round(median(values), 2) if values else None
