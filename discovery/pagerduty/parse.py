"""What pages of PagerDuty's incidents say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from discovery.pagerduty.settings import PagerDutySettings, mapping, scope
from discovery.record_reading import RecordPage, parse_page
from discovery.scanner import Parsed


def parse(page: RecordPage, settings: PagerDutySettings, time: datetime) -> Parsed:
    """The observations of a page."""
    records = [_told(record) for record in page.records]
    shaped = msgspec.structs.replace(page, records=records)
    return parse_page(shaped, mapping(settings), "pagerduty", scope(settings), time)


def _told(incident: Mapping[str, Any]) -> dict[str, Any]:
    """The incident with the times that the API tells by other fields.

    A resolved one changed its status last when it was resolved. Its acknowledgements are emptied
    by then: what was said of them while it was open still holds.
    """
    told = dict(incident)
    if told.get("status") == "resolved":
        told["resolved_at"] = told.get("resolved_at") or told.get("last_status_change_at")
        if not told.get("acknowledgements"):
            told.pop("acknowledgements", None)
    return told
