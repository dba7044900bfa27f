"""Reading manifests from files and folders."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cmdb.errors import CmdbError, InvalidInput
from cmdb.plans.kubernetes import objects_in
from cmdb.plans.read import HELM
from discovery.files import files_of, read_bytes, scope_of, yaml_documents
from discovery.kubernetes.payload import Thing, gathered
from discovery.kubernetes.reading import Reader
from discovery.manifests import ManifestsPayload, ManifestsSettings
from discovery.scanner import Failure
from discovery.tree import text

Document = Mapping[str, Any]

GROUPS = frozenset(
    {
        "",
        "apps",
        "batch",
        "policy",
        "extensions",
        "networking.k8s.io",
        "discovery.k8s.io",
        "gateway.networking.k8s.io",
    }
)
"""Groups of the API whose kinds are meant; others use the same words for other things."""


async def fetch(
    settings: ManifestsSettings, targets: Sequence[str]
) -> AsyncIterator[ManifestsPayload | Failure]:
    """All objects of the targets in one payload, and a failure for each file that is unreadable.

    Raises :class:`~cmdb.errors.InvalidInput` where no target is given, and the only error where
    there is nothing but one.
    """
    if not targets:
        raise InvalidInput("Name the manifests: cmdb scan manifests deploy/, a file or a folder.")
    documents: list[Document] = []
    errors: list[CmdbError] = []
    passed_over = 0
    for target in dict.fromkeys(targets):
        found = await asyncio.to_thread(files_of, target, _is_wanted)
        for path in found:
            try:
                held, others = await asyncio.to_thread(manifests_in, read_bytes(path), str(path))
            except CmdbError as error:
                errors.append(error)
                continue
            if others and not held and found == [path]:
                said = f"{path} is no manifest: it has no kind and apiVersion."
                errors.append(InvalidInput(said))
            documents += held
            passed_over += others
        if not found:
            errors.append(InvalidInput(f"The folder {target} holds no *.yaml, *.yml or *.json."))
    if not documents and len(errors) == 1:
        raise errors[0]
    for failed in errors:
        yield Failure(failed.message, hides_links=True)
    if documents:
        yield _payload(settings, targets, documents, passed_over)


def _is_wanted(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml", ".json") and not any(
        part.startswith(".") or part == "node_modules" for part in path.parts
    )


def manifests_in(data: bytes, name: str) -> tuple[list[Document], int]:
    """The objects in a file, and how many documents are something else.

    Raises :class:`~cmdb.errors.InvalidInput` for a file that is neither YAML nor JSON, or that is a
    template which Helm has not rendered.
    """
    try:
        every = list(yaml_documents(data, name))
    except InvalidInput:
        if b"{{" in data:
            raise InvalidInput(f"{name} is a Helm template; render the chart: {HELM}.") from None
        raise
    held = [d for d in every if isinstance(d, dict) and {"apiVersion", "kind"} <= d.keys()]
    return list(objects_in(held)), len(every) - len(held)


def _payload(
    settings: ManifestsSettings,
    targets: Sequence[str],
    documents: Sequence[Document],
    passed_over: int,
) -> ManifestsPayload:
    meant = [d for d in documents if _group(d) in GROUPS]
    reader = Reader(settings.owner_labels, (), settings.namespace)
    metas = [reader.meta(d, "Service") for d in meant if d.get("kind") == "Service"]
    reader = Reader(
        settings.owner_labels, {(m.namespace, m.name) for m in metas}, settings.namespace
    )
    things: list[Thing] = []
    unknown = Counter[str]()
    for document in documents:
        kind = text(document, "kind")
        thing = reader.read(document, kind) if _group(document) in GROUPS else None
        if thing is None:
            unknown[kind] += 1
        else:
            things.append(thing)
    return ManifestsPayload(
        scope_of("manifests", targets), gathered(things), dict(unknown), passed_over
    )


def _group(document: Document) -> str:
    version = text(document, "apiVersion")
    return version.partition("/")[0] if "/" in version else ""
