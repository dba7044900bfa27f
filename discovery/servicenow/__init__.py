"""The scanner of ServiceNow's incidents, problems, changes and requested items."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from discovery.record_reading import RecordPage
from discovery.scanner import Failure, Manifest, Parsed, Scanner
from discovery.servicenow.settings import ServiceNowSettings, scope


async def _fetch(
    settings: ServiceNowSettings,
    targets: Sequence[str],  # noqa: ARG001  # every scanner is given them; this one takes none
    since: datetime | None,
) -> AsyncIterator[RecordPage | Failure]:
    from discovery.servicenow.fetch import fetch

    async for page in fetch(settings, since):
        yield page


def _parse(page: RecordPage, settings: ServiceNowSettings, time: datetime) -> Parsed:
    from discovery.servicenow.parse import parse

    return parse(page, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="servicenow",
        title="ServiceNow records",
        description=(
            "Incidents, problems, changes and requested items of a ServiceNow instance, read by "
            "its Table API, with the configuration items and the records that they are linked to."
        ),
        kinds=("Incident", "Problem", "Change", "ServiceRequest"),
        relations=("AFFECTS", "CAUSED_BY", "CHANGES", "CHILD_OF", "FIXED_BY", "RELATES_TO"),
        needs=(
            "The instance's address, and a user with a password, or a token.",
            "The right to read the tables, as the role itil has it.",
        ),
        settings=ServiceNowSettings,
        example=(
            "cmdb scan servicenow --set url=https://acme.service-now.com --set user=cmdb "
            "--set password=env:SERVICENOW_PASSWORD"
        ),
        experimental=True,
    ),
    payload=RecordPage,
    fetch=_fetch,
    parse=_parse,
    scope=scope,
)
