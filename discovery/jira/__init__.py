"""The scanner of Jira Service Management's incidents, problems, changes and requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from discovery.jira.payload import JiraPage
from discovery.jira.settings import JiraSettings, scope
from discovery.scanner import Failure, Manifest, Parsed, Scanner


async def _fetch(
    settings: JiraSettings,
    targets: Sequence[str],  # noqa: ARG001  # every scanner is given them; this one takes none
    since: datetime | None,
) -> AsyncIterator[JiraPage | Failure]:
    from discovery.jira.fetch import fetch

    async for page in fetch(settings, since):
        yield page


def _parse(page: JiraPage, settings: JiraSettings, time: datetime) -> Parsed:
    from discovery.jira.parse import parse

    return parse(page, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="jira",
        title="Jira Service Management records",
        description=(
            "Incidents, problems, changes and service requests of Jira Service Management, in the "
            "Cloud or on a Data Center, with the services and the records that they are linked to."
        ),
        kinds=("Incident", "Problem", "Change", "ServiceRequest"),
        relations=("AFFECTS", "CAUSED_BY", "CHANGES", "CHILD_OF", "RELATES_TO"),
        needs=(
            "The site's address, and an API token with its mail address, or a personal token.",
            "The right to browse the projects.",
        ),
        settings=JiraSettings,
        example=(
            "cmdb scan jira --set url=https://acme.atlassian.net --set user=cmdb@acme.example "
            "--set token=env:JIRA_TOKEN --set projects=OPS"
        ),
        experimental=True,
    ),
    payload=JiraPage,
    fetch=_fetch,
    parse=_parse,
    scope=scope,
)
