"""What can be set for a scan of PagerDuty, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from discovery.address import checked_address
from discovery.record_mapping import RecordMapping, mapping_of
from discovery.remote_settings import AtOnce, Overlap, Timeout
from discovery.setting_values import Secret, TextFile

SHIPPED = Path(__file__).with_name("mapping.toml")
EXAMPLE = "https://api.pagerduty.com"


class PagerDutySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of PagerDuty."""

    url: Annotated[
        str, Meta(description="The API's address; https://api.eu.pagerduty.com in the EU.")
    ] = EXAMPLE
    token: Annotated[Secret, Meta(description="Where the API key is.")] = Secret()
    account: Annotated[
        str, Meta(description="The account's subdomain, where there are several accounts.")
    ] = ""
    days: Annotated[
        int,
        Meta(description="How many days back to read where everything is read.", ge=1, le=3650),
    ] = 365
    mapping: Annotated[
        TextFile, Meta(description="A mapping in the place of discovery/pagerduty/mapping.toml.")
    ] = TextFile()
    page_size: Annotated[int, Meta(description="Incidents to ask for at once.", ge=1, le=100)] = 100
    at_once: AtOnce = 4
    timeout: Timeout = 60.0
    overlap: Overlap = 10


def address(settings: PagerDutySettings) -> str:
    """The API's address; raises :class:`~cmdb.errors.InvalidSettings`."""
    return checked_address(settings.url, EXAMPLE)


def mapping(settings: PagerDutySettings) -> RecordMapping:
    """The mapping in force; raises :class:`~cmdb.errors.InvalidInput` with its mistakes."""
    return mapping_of(settings.mapping, SHIPPED)


def site(settings: PagerDutySettings) -> str:
    """The account that incidents are kept in."""
    return settings.account.strip() or urlsplit(address(settings)).netloc


def scope(settings: PagerDutySettings) -> str:
    """What a run covers: the incidents of the account."""
    return f"{site(settings)}: incidents"
