"""What can be set for a scan of Jira Service Management, and what follows from it."""

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
EXAMPLE = "https://acme.atlassian.net"


class JiraSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of Jira Service Management."""

    url: Annotated[str, Meta(description=f"The site, such as {EXAMPLE}.")] = ""
    user: Annotated[
        str, Meta(description="The mail address whose API token it is; none on a Data Center.")
    ] = ""
    token: Annotated[
        Secret, Meta(description="Where the API token, or personal access token, is.")
    ] = Secret()
    projects: Annotated[tuple[str, ...], Meta(description="Keys of the projects to read.")] = ()
    jql: Annotated[str, Meta(description="JQL: only issues that it finds are read.")] = ""
    mapping: Annotated[
        TextFile, Meta(description="A mapping in the place of discovery/jira/mapping.toml.")
    ] = TextFile()
    page_size: Annotated[int, Meta(description="Issues to ask for at once.", ge=1, le=100)] = 100
    at_once: AtOnce = 2
    timeout: Timeout = 60.0
    overlap: Overlap = 10


def address(settings: JiraSettings) -> str:
    """The site's address; raises :class:`~cmdb.errors.InvalidSettings`."""
    return checked_address(settings.url, EXAMPLE)


def mapping(settings: JiraSettings) -> RecordMapping:
    """The mapping in force; raises :class:`~cmdb.errors.InvalidInput` with its mistakes."""
    return mapping_of(settings.mapping, SHIPPED)


def scope(settings: JiraSettings) -> str:
    """What a run covers: which projects of which site, and which of their issues."""
    host = urlsplit(address(settings)).netloc
    only = f" where {settings.jql}" if settings.jql else ""
    return f"{host}: {', '.join(sorted(settings.projects)) or 'all projects'}{only}"
