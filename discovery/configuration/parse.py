"""From what configurations say to observations. Pure: no clock, no network, no files."""

from __future__ import annotations

import hashlib
from datetime import datetime

from cmdb.items import Observation
from discovery.configuration import ConfigurationSettings
from discovery.configuration.payload import ConfigurationPayload, FoundCertificate, FoundRecord
from discovery.configuration.proxies import (
    Place,
    certificate_items,
    proxy_observations,
    record_observations,
)
from discovery.observer import Observer, once
from discovery.scanner import Parsed


def parse(payload: ConfigurationPayload, settings: ConfigurationSettings, time: datetime) -> Parsed:
    """Everything that the configurations say, items before links.

    The scope is the targets that were named. They were seen in full where every line was read.
    """
    text = f"{settings.address_scope} {','.join(settings.addresses)}: {' '.join(payload.targets)}"
    if len(text) > 200:
        text = hashlib.sha256(text.encode()).hexdigest()[:32]
    observer = Observer("configuration", time, f"configuration/{text}")
    observations: list[Observation] = [*certificate_items(payload.certificates, observer)]
    observations += record_observations(payload.records, observer)
    for routes in payload.routes:
        place = Place(
            prefix=",".join(settings.addresses) or routes.file,
            name=settings.name or next(iter(settings.addresses), routes.file),
            address_scope=settings.address_scope,
            addresses=settings.addresses,
            certificates=by_path(payload.certificates),
            records=by_name(payload.records),
        )
        observations += proxy_observations(routes, place, observer)
    errors = (*(e for routes in payload.routes for e in routes.errors), *payload.errors)
    return Parsed(observer.scope, tuple(once(observations)), not errors, errors=errors)


def by_path(found: tuple[FoundCertificate, ...]) -> dict[str, list[FoundCertificate]]:
    """Certificates by their file, and by the folder that it is in."""
    paths: dict[str, list[FoundCertificate]] = {}
    for one in found:
        folder = one.path.rpartition("/")[0]
        for path in (one.path, folder, f"{folder}/"):
            paths.setdefault(path, []).append(one)
    return paths


def by_name(found: tuple[FoundRecord, ...]) -> dict[str, list[FoundRecord]]:
    """Records by their name."""
    names: dict[str, list[FoundRecord]] = {}
    for one in found:
        names.setdefault(one.name, []).append(one)
    return names
