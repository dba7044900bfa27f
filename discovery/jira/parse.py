"""What pages of Jira's issues say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from discovery.jira.document import is_document, plain_text
from discovery.jira.payload import JiraPage
from discovery.jira.settings import JiraSettings, mapping, scope
from discovery.record_reading import RecordPage, parse_page
from discovery.scanner import Parsed


def parse(page: JiraPage, settings: JiraSettings, time: datetime) -> Parsed:
    """The observations of a page."""
    records = [_readable(issue, page.names) for issue in page.issues]
    shaped = RecordPage(page.site, "", records)
    return parse_page(shaped, mapping(settings), "jira", scope(settings), time)


def _readable(issue: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The issue with custom fields by their names, and documents as plain text."""
    fields = issue.get("fields")
    if not isinstance(fields, Mapping):
        return dict(issue)
    read: dict[str, Any] = {}
    for field, value in fields.items():
        name = names.get(field, field)
        if not read.get(name):  # a site may have two fields of one name
            read[name] = plain_text(value) if is_document(value) else value
    return {**issue, "fields": read}
