"""The scanner of PagerDuty's incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from discovery.pagerduty.settings import PagerDutySettings, scope
from discovery.record_reading import RecordPage
from discovery.scanner import Failure, Manifest, Parsed, Scanner


async def _fetch(
    settings: PagerDutySettings,
    targets: Sequence[str],  # noqa: ARG001  # every scanner is given them; this one takes none
    since: datetime | None,
) -> AsyncIterator[RecordPage | Failure]:
    from discovery.pagerduty.fetch import fetch

    async for page in fetch(settings, since):
        yield page


def _parse(page: RecordPage, settings: PagerDutySettings, time: datetime) -> Parsed:
    from discovery.pagerduty.parse import parse

    return parse(page, settings, time)


SCANNER = Scanner(
    manifest=Manifest(
        name="pagerduty",
        title="PagerDuty incidents",
        description=(
            "Incidents of a PagerDuty account, by its REST API, with the service that each is of."
        ),
        kinds=("Incident",),
        relations=("AFFECTS",),
        needs=("An API key of the account; a read-only one suffices.",),
        settings=PagerDutySettings,
        example="cmdb scan pagerduty --set token=env:PAGERDUTY_TOKEN",
        experimental=True,
    ),
    payload=RecordPage,
    fetch=_fetch,
    parse=_parse,
    scope=scope,
)
