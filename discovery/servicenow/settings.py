"""What can be set for a scan of ServiceNow, and what follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from cmdb.errors import InvalidSettings, Problem, did_you_mean, nearest
from discovery.address import checked_address
from discovery.record_mapping import RecordMapping, mapping_of
from discovery.remote_settings import AtOnce, Overlap, Timeout
from discovery.setting_values import Secret, TextFile

SHIPPED = Path(__file__).with_name("mapping.toml")
EXAMPLE = "https://acme.service-now.com"


class ServiceNowSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set for a scan of ServiceNow."""

    url: Annotated[str, Meta(description=f"The instance, such as {EXAMPLE}.")] = ""
    user: Annotated[str, Meta(description="The user who reads, with the password below.")] = ""
    password: Annotated[Secret, Meta(description="Where the user's password is.")] = Secret()
    token: Annotated[
        Secret, Meta(description="Where an OAuth token is, in the place of user and password.")
    ] = Secret()
    tables: Annotated[
        tuple[str, ...], Meta(description="Tables to read; none: all of the mapping.")
    ] = ()
    query: Annotated[
        str, Meta(description="An encoded query: only records that it finds are read.")
    ] = ""
    mapping: Annotated[
        TextFile, Meta(description="A mapping in the place of discovery/servicenow/mapping.toml.")
    ] = TextFile()
    page_size: Annotated[int, Meta(description="Records to ask for at once.", ge=1, le=10000)] = 500
    at_once: AtOnce = 2
    timeout: Timeout = 60.0
    overlap: Overlap = 10


def address(settings: ServiceNowSettings) -> str:
    """The instance's address; raises :class:`~cmdb.errors.InvalidSettings`."""
    return checked_address(settings.url, EXAMPLE)


def mapping(settings: ServiceNowSettings) -> RecordMapping:
    """The mapping in force; raises :class:`~cmdb.errors.InvalidInput` with its mistakes."""
    return mapping_of(settings.mapping, SHIPPED)


def tables(settings: ServiceNowSettings) -> tuple[str, ...]:
    """The tables to read, all of which the mapping has."""
    known = [kind.name for kind in mapping(settings).types]
    wrong = [
        Problem(
            f"has {name!r}, which the mapping has no table for"
            f"{did_you_mean(nearest(name, known)).removesuffix('.')}; there are {', '.join(known)}",
            field="tables",
        )
        for name in settings.tables
        if name not in known
    ]
    if wrong:
        raise InvalidSettings("The settings can't be used.", wrong)
    return tuple(sorted(settings.tables or known))


def scope(settings: ServiceNowSettings) -> str:
    """What a run covers: which tables of which instance, and which of their records."""
    host = urlsplit(address(settings)).netloc
    only = f" where {settings.query}" if settings.query else ""
    return f"{host}: {', '.join(tables(settings))}{only}"
