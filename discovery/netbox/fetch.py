"""Reading NetBox, list by list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec

from cmdb.errors import InvalidSettings, Problem, RemoteUnavailable
from discovery.address import checked_address
from discovery.netbox import NetboxSettings
from discovery.netbox.payload import NetboxPayload, Objects
from discovery.remote import Pages, Remote, bearer
from discovery.scanner import Failure
from discovery.setting_values import Secret

EXAMPLE = "https://netbox.example.org"


class List(NamedTuple):
    """One list of the API; ``by_site`` and ``by_status`` are whether it can be asked for those."""

    path: str
    by_site: bool = False
    by_status: bool = False


LISTS: Mapping[str, List] = {
    "regions": List("dcim/regions"),
    "sites": List("dcim/sites"),
    "locations": List("dcim/locations", by_site=True),
    "racks": List("dcim/racks", by_site=True),
    "devices": List("dcim/devices", by_site=True, by_status=True),
    "interfaces": List("dcim/interfaces", by_site=True),
    "power_ports": List("dcim/power-ports", by_site=True),
    "power_outlets": List("dcim/power-outlets", by_site=True),
    "power_feeds": List("dcim/power-feeds", by_site=True),
    "power_panels": List("dcim/power-panels", by_site=True),
    "virtual_chassis": List("dcim/virtual-chassis", by_site=True),
    "ip_addresses": List("ipam/ip-addresses"),
    "prefixes": List("ipam/prefixes"),
    "clusters": List("virtualization/clusters"),
    "virtual_machines": List("virtualization/virtual-machines", by_site=True, by_status=True),
    "vm_interfaces": List("virtualization/interfaces"),
    "circuits": List("circuits/circuits"),
    "contacts": List("tenancy/contacts"),
    "contact_assignments": List("tenancy/contact-assignments"),
}
"""Where what is kept under which name."""


async def fetch(settings: NetboxSettings) -> AsyncIterator[NetboxPayload | Failure]:
    """One payload of all lists that could be read, and a failure for each that could not.

    Raises :class:`~cmdb.errors.InvalidSettings` where the token is refused or none is given, and
    :class:`~cmdb.errors.RemoteUnavailable` where the server does not answer as NetBox does.
    """
    address = checked_address(settings.url, EXAMPLE)
    if not settings.token:
        problem = Problem("is needed: env:NAME or file:PATH", field="token")
        raise InvalidSettings("The settings can't be used.", [problem])
    async with Remote(
        address, _authorization(settings.token), timeout=settings.timeout, at_once=settings.at_once
    ) as remote:
        version = await _version(remote)
        found = await asyncio.gather(*(_list(remote, settings, name) for name in LISTS))
    read = dict(zip(LISTS, found, strict=True))
    missing = tuple(name for name, rows in read.items() if isinstance(rows, RemoteUnavailable))
    for name in missing:
        yield Failure(f"{_called(name)}: {read[name].message}", hides_links=True)  # type: ignore[union-attr]  # they are the errors
    host = settings.name.strip() or urlsplit(address).netloc
    kept = {name: rows for name, rows in read.items() if name not in missing}
    yield NetboxPayload(_scope(host, settings), host, version, Objects(**kept), missing)  # type: ignore[arg-type]  # as the fields are


def _authorization(token: Secret) -> Mapping[str, str]:
    """The header for a token: those of the second kind, since NetBox 4.5, begin with ``nbt_``."""
    if token.value.startswith("nbt_"):
        return bearer(token)
    return {"authorization": f"Token {token.value}"}


async def _version(remote: Remote) -> str:
    """NetBox's version; raises where what answers is no NetBox."""
    status = await remote.read("api/status/")
    version = status.get("netbox-version") if isinstance(status, dict) else None
    if not isinstance(version, str):
        raise RemoteUnavailable(
            f"{remote.host} answers, but not as NetBox does: its address is wanted without /api."
        )
    return version


async def _list(
    remote: Remote, settings: NetboxSettings, name: str
) -> tuple[msgspec.Struct, ...] | RemoteUnavailable:
    """All rows of a list, or why they could not be read."""
    try:
        return tuple([row async for row in _rows(remote, settings, name)])
    except RemoteUnavailable as error:
        return error


async def _rows(
    remote: Remote, settings: NetboxSettings, name: str
) -> AsyncIterator[msgspec.Struct]:
    # By offset and not by the link to the next page: behind a proxy that link is often wrong.
    where, kind = LISTS[name], _KINDS[name]
    query: dict[str, Any] = {"limit": settings.page_size, "offset": 0, "ordering": "id"}
    if where.by_site and settings.sites:
        query["site"] = list(settings.sites)
    if where.by_status and settings.statuses:
        query["status"] = list(settings.statuses)
    pages = Pages(remote.host)
    while True:
        answer = await remote.read(f"api/{where.path}/", query)
        rows = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise RemoteUnavailable(f"{remote.host} answered with something that is no list.")
        pages.check(rows)
        for row in rows:
            yield _kept(row, kind, remote)
        query["offset"] += len(rows)
        if not answer.get("next"):
            return
        if not rows:
            raise RemoteUnavailable(f"{remote.host} names a next page behind an empty one.")


def _kept(row: object, kind: type[msgspec.Struct], remote: Remote) -> msgspec.Struct:
    told = {k: v for k, v in row.items() if v is not None} if isinstance(row, dict) else row
    try:
        return msgspec.convert(told, kind, strict=False)
    except msgspec.ValidationError as error:
        own = row.get("id") if isinstance(row, dict) else None
        raise RemoteUnavailable(
            f"{remote.host} answered with an object ({own}) that can't be read: {error}."
        ) from None


def _called(name: str) -> str:
    return name.replace("_", " ")


def _scope(host: str, settings: NetboxSettings) -> str:
    """The NetBox, and what of it was asked for."""
    asked = [*sorted(settings.sites), *(f"status={s}" for s in sorted(settings.statuses))]
    return "/".join([host, ",".join(asked)] if asked else [host])


_KINDS: Mapping[str, type[msgspec.Struct]] = {
    name: get_args(kind)[0] for name, kind in get_type_hints(Objects).items()
}
