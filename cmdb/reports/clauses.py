"""ISO/IEC 20000-1:2018 and COBIT 2019 as tables: what of each the records give evidence of.

The standards' texts are theirs; here are numbers and titles, and measures of our own. Whether a
clause is met is for an auditor to say: what a person must attest is listed and never claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cmdb.items import Item
from cmdb.reports.desk import Desk, count, says, share
from cmdb.reports.itil import availability, changes
from cmdb.reports.report import Measure, Section

Compute = Callable[[Desk], Sequence[Measure]]
NONE_IS_FINE = frozenset(
    {
        "Emergencies",
        "Emergencies with a review",
        "Emergency changes",
        "Known errors with a workaround",
        "Major incidents with a review",
        "Unauthorised",
    }
)
"""Measures of what an organisation may well have none of."""
SERVICES = ("BusinessService", "ServiceOffering", "ServiceInstance")


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause or practice: where it stands, how its evidence is computed, what remains."""

    code: str
    title: str
    evidence: Compute
    attest: tuple[str, ...] = ()


def sections(desk: Desk, clauses: Sequence[Clause]) -> tuple[Section, ...]:
    """One section a clause. What has no records behind it is listed as missing."""
    found: list[Section] = []
    for clause in clauses:
        measures = tuple(clause.evidence(desk))
        missing = tuple(
            f"No record for: {m.name.lower()}."
            for m in measures
            if not m.n and m.name not in NONE_IS_FINE
        )
        found.append(Section(clause.code, clause.title, measures, missing, clause.attest))
    return tuple(found)


def _services(desk: Desk) -> list[Item]:
    return [item for kind in SERVICES for item in desk.by_kind.get(kind, ())]


def _catalogue(desk: Desk) -> Sequence[Measure]:
    services = _services(desk)
    return (
        count("Services", services, "Business services, offerings and instances."),
        share("Services with a criticality", services, says("criticality"), "Of all services."),
        share(
            "Services with an owner",
            services,
            lambda s: bool(desk.ends(s, "OWNED_BY")),
            "Of all services.",
        ),
        share(
            "Services with dependencies",
            services,
            lambda s: bool(_rests_on(desk, s)),
            "Of all services, with what they rest on or are delivered by.",
        ),
    )  # fmt: skip - a table


def _rests_on(desk: Desk, service: Item) -> list[Item]:
    relations = ("DEPENDS_ON", "RUNS_ON", "HOSTED_ON")
    return [*desk.ends(service, *relations), *desk.linked_from(service, "CONTRIBUTES_TO")]


def _configuration(desk: Desk) -> Sequence[Measure]:
    cis = desk.cis()
    expected = {
        kind: [p.name for p in desk.catalogue.kind(kind).properties.values() if p.expected]
        for kind in {item.kind for item in cis}
    }

    def is_complete(item: Item) -> bool:
        return all(says(name)(item) for name in expected[item.kind])

    def is_orphan(item: Item) -> bool:
        return not desk.outgoing.get(item.id) and not desk.incoming.get(item.id)

    return (
        count("Configuration items", cis, "All that are not retired."),
        share("Complete", cis, is_complete, "With every property that their kind expects."),
        share("Orphans", cis, is_orphan, "Without any relationship."),
        share(
            "Missing",
            cis,
            lambda i: i.status.value == "missing",
            "Which a source that covers its whole scope no longer sees.",
        ),
        count("Baselines", desk.by_kind.get("Baseline", []), "Named revisions of a set of items."),
    )  # fmt: skip - a table


def _assets(desk: Desk) -> Sequence[Measure]:
    cis = desk.cis()
    return (
        share("Items with an owner", cis, lambda i: bool(desk.ends(i, "OWNED_BY")), "Of all."),
        share("Items with a life cycle status", cis, says("lifecycle_status"), "Of all."),
    )


def _changes(desk: Desk) -> Sequence[Measure]:
    opened = desk.within("Change", "opened_at")
    normal = [c for c in opened if says("change_type", "normal")(c)]
    return (
        share("Changes with a type", opened, says("change_type"), "Of those opened."),
        share(
            "Normal changes with an approval",
            normal,
            lambda c: _approved(desk, c),
            "Of the normal changes opened.",
        ),
        share("Changes with a test plan", opened, says("test_plan"), "Of those opened."),
        share("Changes with a back-out plan", opened, says("backout_plan"), "Of those opened."),
        *changes(desk).measures,
    )  # fmt: skip - a table


def _approved(desk: Desk, change: Item) -> bool:
    approvals = [a for a in desk.linked_from(change, "CHILD_OF") if a.kind == "Approval"]
    return any(says("state", "approved")(a) for a in approvals)


def _emergencies(desk: Desk) -> Sequence[Measure]:
    opened = [c for c in desk.within("Change", "opened_at") if says("change_type", "emergency")(c)]
    return (
        count("Emergency changes", opened, "Opened in the window."),
        share("Emergencies with a review", opened, says("review_notes"), "Of these."),
    )


def _tested(desk: Desk) -> Sequence[Measure]:
    done = desk.within("Change", "work_end")
    return (
        share("Changes tested", done, says("test_plan"), "Of those that ended in the window."),
        share("Changes reviewed", done, says("review_notes"), "Of those that ended."),
    )


def _incidents(desk: Desk) -> Sequence[Measure]:
    opened = desk.within("Incident", "opened_at")
    major = [i for i in opened if says("major_incident_state", "accepted")(i)]
    return (
        count("Incidents", opened, "Opened in the window."),
        share(
            "Incidents with impact and urgency",
            opened,
            lambda i: says("impact")(i) and says("urgency")(i),
            "Of these.",
        ),
        share(
            "Incidents with what they affect",
            opened,
            lambda i: bool(desk.ends(i, "AFFECTS")),
            "Of these, linked to at least one item.",
        ),
        share("Incidents with an action", opened, says("close_notes"), "Of these."),
        share("Major incidents with a review", major, says("review"), "Of the major ones."),
    )  # fmt: skip - a table


def _requests(desk: Desk) -> Sequence[Measure]:
    opened = desk.within("ServiceRequest", "opened_at")
    return (
        count("Requests", opened, "Opened in the window."),
        share("Requests with a priority", opened, says("priority"), "Of these."),
        share("Requests fulfilled", opened, says("fulfilled_at"), "Of these."),
        share("Requests closed", opened, says("closed_at"), "Of these."),
    )


def _problems(desk: Desk) -> Sequence[Measure]:
    all_of = desk.by_kind.get("Problem", [])
    return (
        count("Problems", all_of, "All that were ever opened."),
        share("Problems with a cause", all_of, says("cause_notes"), "Of all."),
        share(
            "Known errors with a workaround",
            [p for p in all_of if says("known_error", True)(p)],
            says("workaround"),
            "Of the known errors.",
        ),
        share("Proactive problems", all_of, says("origin", "proactive"), "Of all."),
    )  # fmt: skip - a table


def _levels(desk: Desk) -> Sequence[Measure]:
    offerings = desk.by_kind.get("ServiceOffering", [])
    target = says("availability_target")
    return (share("Offerings with a target", offerings, target, "Of all offerings."),)


def _availability(desk: Desk) -> Sequence[Measure]:
    return availability(desk).measures


def _releases(desk: Desk) -> Sequence[Measure]:
    done = [c for c in desk.within("Change", "work_end") if c.properties.get("deployment") is True]

    def hurt(change: Item) -> bool:
        return any(i.kind == "Incident" for i in desk.linked_from(change, "CAUSED_BY"))

    return (
        count("Deployments", done, "Changes that brought software to production."),
        share("Deployments that caused an incident", done, hurt, "Of these."),
        count("Baselines", desk.by_kind.get("Baseline", []), "To compare with afterwards."),
    )


def _monitored(desk: Desk) -> Sequence[Measure]:
    alerts = desk.by_kind.get("Alert", [])
    bound = share(
        "Alerts bound to an item", alerts, lambda a: bool(desk.ends(a, "AFFECTS")), "Of all alerts."
    )
    return (count("Alerts", alerts, "All that were ever received."), bound)


def _nothing(_: Desk) -> Sequence[Measure]:
    return ()


ISO20000 = (
    Clause(
        "8.2.4",
        "Service catalogue management",
        _catalogue,
        ("That customers can get at the parts of the catalogue that concern them.",),
    ),
    Clause(
        "8.2.5",
        "Asset management",
        _assets,
        ("That legal and contractual duties for assets are kept.",),
    ),
    Clause(
        "8.2.6",
        "Configuration management",
        _configuration,
        ("That the kinds of items and what is recorded of them are fit for the services.",),
    ),
    Clause(
        "8.3.3",
        "Service level management",
        _levels,
        ("That targets were agreed with the customer, and are reviewed.",),
    ),
    Clause(
        "8.3.4",
        "Supplier management",
        _nothing,
        ("Contracts with suppliers, their targets and how they did: none of it is recorded here.",),
    ),
    Clause(
        "8.5.1",
        "Change management",
        _changes,
        ("The change management policy.", "That trends were analysed, and acted on."),
    ),
    Clause(
        "8.5.2",
        "Service design and transition",
        _tested,
        ("That new services were planned, designed and accepted.",),
    ),
    Clause(
        "8.5.3",
        "Release and deployment management",
        _releases,
        ("The definition of what a release is, and how often.",),
    ),
    Clause(
        "8.6.1",
        "Incident management",
        _incidents,
        ("That top management is informed of major incidents.",),
    ),
    Clause(
        "8.6.2",
        "Service request management",
        _requests,
        ("That instructions for fulfilment are at hand.",),
    ),
    Clause(
        "8.6.3",
        "Problem management",
        _problems,
        ("That data and trends are analysed for problems.",),
    ),
    Clause(
        "8.7.1",
        "Service availability management",
        _availability,
        ("Requirements and targets for availability, with the risks.",),
    ),
    Clause(
        "8.7.2",
        "Service continuity management",
        _nothing,
        ("The continuity plan, and when it was last tested: none of it is recorded here.",),
    ),
    Clause(
        "9.4",
        "Service reporting",
        _nothing,
        ("That reports are made, read and decided on.",),
    ),
)  # fmt: skip - a table

COBIT = (
    Clause(
        "BAI06.01",
        "Managed IT Changes: evaluate and authorize",
        _changes,
        ("That the business agreed.",),
    ),
    Clause("BAI06.02", "Managed IT Changes: emergency changes", _emergencies),
    Clause(
        "BAI07.03",
        "Managed IT Change Acceptance: test and review",
        _tested,
        ("That tests ran in an environment like production.",),
    ),
    Clause("BAI07.06", "Managed IT Change Acceptance: promote to production", _releases),
    Clause(
        "BAI09.01",
        "Managed Assets: record",
        _assets,
        ("That assets were counted.", "Licences: none of it is recorded here."),
    ),
    Clause("BAI10.02", "Managed Configuration: repository and baseline", _configuration),
    Clause("DSS01.03", "Managed Operations: monitor", _monitored),
    Clause("DSS02.02", "Managed Service Requests and Incidents: record", _incidents),
    Clause("DSS02.03", "Managed Service Requests and Incidents: fulfil", _requests),
    Clause("DSS03.01", "Managed Problems: identify, diagnose, known errors", _problems),
    Clause(
        "DSS04.02",
        "Managed Continuity: resilience",
        _catalogue,
        ("The continuity strategy. `cmdb weak-points` shows what it has to cover.",),
    ),
)  # fmt: skip - a table
