"""What pages of ServiceNow's records say."""

from __future__ import annotations

from datetime import datetime

from discovery.record_reading import RecordPage, parse_page
from discovery.scanner import Parsed
from discovery.servicenow.settings import ServiceNowSettings, mapping, scope


def parse(page: RecordPage, settings: ServiceNowSettings, time: datetime) -> Parsed:
    """The observations of a page. The mapping knows the API's shape: nothing else has to."""
    return parse_page(page, mapping(settings), "servicenow", scope(settings), time)
