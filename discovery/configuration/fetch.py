"""Reading configurations from files and folders. Only what they say of routes is kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from cmdb.errors import CmdbError, InvalidInput
from discovery.configuration import ConfigurationSettings
from discovery.configuration.certificates import read_certificate
from discovery.configuration.payload import (
    ConfigurationPayload,
    FoundCertificate,
    FoundRecord,
    Routes,
)
from discovery.configuration.recognise import READERS, kind_of, roots_of
from discovery.configuration.zones import read_zone
from discovery.scanner import Failure

MOST_BYTES = 4 * 2**20
"""Bytes of one file that are read; larger ones are named and left out."""
_SKIPPED = frozenset({".git", "node_modules", ".venv", "__pycache__"})


async def fetch(
    settings: ConfigurationSettings, targets: Sequence[str]
) -> AsyncIterator[ConfigurationPayload | Failure]:
    """One payload of all targets, and a failure for each that can't be read.

    Raises :class:`~cmdb.errors.InvalidInput` where no target is given, and the only error where
    there is nothing but one.
    """
    if not targets:
        raise InvalidInput(
            "Name the configurations: cmdb scan configuration /etc/nginx haproxy.cfg "
            "db.example.org, or a folder that has some."
        )
    errors: list[CmdbError] = []
    texts: dict[str, str] = {}
    for target in dict.fromkeys(targets):
        try:
            texts |= await asyncio.to_thread(_texts, target, settings, errors)
        except CmdbError as error:
            errors.append(error)
    if not texts and len(errors) == 1:
        raise errors[0]
    for failed in errors:
        yield Failure(failed.message, hides_links=True)
    if texts:
        yield await asyncio.to_thread(understood, texts, tuple(sorted(set(targets))), settings)


def _texts(target: str, settings: ConfigurationSettings, errors: list[CmdbError]) -> dict[str, str]:
    """The texts of a target that are configurations, by their paths."""
    path = Path(target).expanduser()
    if path.is_dir():
        found = {}
        for file in _files(path, settings.max_files):
            try:
                text = _read(file)
            except CmdbError as error:
                errors.append(error)
                continue
            if kind_of(text):
                found[file.as_posix()] = text
        if not found:
            raise InvalidInput(f"{target} has no configuration that is known here.")
        return found
    text = _read(path)
    if not (settings.format or kind_of(text)):
        raise InvalidInput(
            f"{target} is no configuration of nginx, HAProxy, Apache httpd or Envoy, no zone and "
            "no certificate; if it is one, say which with format."
        )
    return {path.as_posix(): text}


def _files(folder: Path, most: int) -> Iterator[Path]:
    """The files below a folder, sorted. Raises where they are more than may be read."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _SKIPPED)
        for name in sorted(names):
            file = Path(place, name)
            if not file.is_file():
                continue
            count += 1
            if count > most:
                raise InvalidInput(
                    f"{folder} has more than the {most} files that max_files allows."
                )
            yield file


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from None
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"{path} is larger than {MOST_BYTES // 2**20} MiB; it is not read.")
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def understood(
    texts: dict[str, str], targets: tuple[str, ...], settings: ConfigurationSettings
) -> ConfigurationPayload:
    """What texts say, each read as the kind that it is. Pure, whatever its name."""
    kinds: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        kinds.setdefault(settings.format or kind_of(text), {})[path] = text
    routes: list[Routes] = []
    for kind, reader in READERS.items():
        files = kinds.get(kind, {})
        routes += [reader(files, root) for root in roots_of(files, kind)]
    records: list[FoundRecord] = []
    errors: list[str] = []
    for path, text in kinds.get("zone", {}).items():
        found, wrong = read_zone(text, path)
        records += found
        errors += wrong
    certificates: list[FoundCertificate] = []
    for path, text in kinds.get("certificate", {}).items():
        certificate = read_certificate(text, path)
        if certificate is None:
            errors.append(f"{path} has no certificate that can be read.")
        else:
            certificates.append(certificate)
    known = {c.path for c in certificates}
    for file in sorted({f for r in routes for front in r.fronts for f in front.certificates}):
        if settings.certificates and file not in known:
            certificates += _certificates(Path(file))
    return ConfigurationPayload(
        targets, tuple(routes), tuple(certificates), tuple(records), tuple(errors)
    )


def _certificates(path: Path) -> Iterator[FoundCertificate]:
    """The certificates of a file, or of a folder of files; none where they may not be read."""
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        try:
            found = read_certificate(_read(file), file.as_posix())
        except CmdbError:
            continue
        if found:
            yield found
