"""Reading Compose files from the places that Compose looks at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from cmdb.errors import CmdbError, InvalidInput
from discovery.compose import ComposeSettings
from discovery.compose.payload import ComposePayload, Project
from discovery.compose.reading import read_project
from discovery.compose.variables import environment_file
from discovery.files import files_of, read_bytes, scope_of, yaml_documents
from discovery.scanner import Failure

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""In the order in which Compose prefers them."""


async def fetch(
    settings: ComposeSettings,  # noqa: ARG001  # what is read does not depend on them
    targets: Sequence[str],
) -> AsyncIterator[ComposePayload | Failure]:
    """All projects of the targets in one payload, and a failure for each that can't be read.

    Raises :class:`~cmdb.errors.InvalidInput` where no target is given, and the only error where
    there is nothing but one.
    """
    if not targets:
        raise InvalidInput("Name the Compose files: cmdb scan compose compose.yaml, or a folder.")
    projects: list[Project] = []
    errors: list[CmdbError] = []
    for target in dict.fromkeys(targets):
        found = await asyncio.to_thread(_preferred, target)
        if not found:
            errors.append(InvalidInput(f"The folder {target} holds no {NAMES[0]} or the like."))
        for path in found:
            try:
                projects.append(await asyncio.to_thread(_project, path))
            except CmdbError as error:
                errors.append(error)
    if not projects and len(errors) == 1:
        raise errors[0]
    for failed in errors:
        yield Failure(failed.message, hides_links=True)
    if projects:
        yield ComposePayload(scope_of("compose", targets), tuple(projects))


def _preferred(target: str) -> list[Path]:
    """The file, or in each folder the one that Compose would take."""
    found: dict[Path, Path] = {}
    every = files_of(target, lambda path: path.name in NAMES)
    if len(every) == 1:
        return every
    for path in sorted(every, key=lambda p: NAMES.index(p.name)):
        found.setdefault(path.parent, path)
    return sorted(found.values())


def _project(path: Path) -> Project:
    document = _document(path)
    override = None
    for name in (f"{path.stem}.override.yaml", f"{path.stem}.override.yml"):
        if (path.parent / name).is_file():
            override = _document(path.parent / name)
            break
    variables = path.parent / ".env"
    values = {}
    if variables.is_file():
        values = environment_file(read_bytes(variables).decode("utf-8", "replace"))
    return read_project(document, str(path), path.absolute().parent.name, values, override)


def _document(path: Path) -> Any:
    documents = list(yaml_documents(read_bytes(path), str(path)))
    if not documents:
        raise InvalidInput(f"{path} is empty; there is no project in it.")
    return documents[0]
