"""Reading traces: OTLP files, and the service graph of Jaeger."""

from __future__ import annotations

import asyncio
import gzip
import io
import time as clock
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from cmdb.errors import CmdbError, InvalidInput
from discovery.files import files_of, scope_of
from discovery.scanner import Failure
from discovery.traces import TracesSettings
from discovery.traces.graph import SECOND, CallGraph
from discovery.traces.jaeger import dependencies
from discovery.traces.otlp import Group, NoTraces, from_json, from_protobuf, resources_like
from discovery.traces.pairing import Pairing
from discovery.traces.payload import TracesPayload

MOST_DOCUMENT = 64 * 2**20
"""Bytes of one document, unpacked: a line, or a file that is one."""
MOST_ERRORS = 20
"""Lines of one file that are named as wrong."""
_JSON = (b"{", b" ", b"\t", b"\r", b"\xef\xbb\xbf")
ENDS = (".json", ".jsonl", ".ndjson", ".pb", ".binpb", ".bin", ".proto")


async def fetch(
    settings: TracesSettings, targets: Sequence[str]
) -> AsyncIterator[TracesPayload | Failure]:
    """What all files together say, and what each Jaeger does; a failure for what can't be read.

    Raises the only error where nothing at all can be read.
    """
    if not targets:
        raise InvalidInput(
            "Name what to read: cmdb scan traces traces.jsonl, or the address of a Jaeger."
        )
    remote = [t for t in dict.fromkeys(targets) if urlsplit(t).scheme in ("http", "https")]
    files = [t for t in dict.fromkeys(targets) if t not in remote]
    errors: list[CmdbError] = []
    read = 0
    for target in remote:
        try:
            payload = await dependencies(target, settings)
        except CmdbError as error:
            errors.append(error)
            yield Failure(f"{urlsplit(target).netloc.rpartition('@')[2]}: {error.sentence()}")
        else:
            read += 1
            yield payload
    if files:
        reading = _Files(settings)
        await asyncio.to_thread(reading.read, files)
        for failed in reading.errors:
            yield Failure(failed.message)
        errors += reading.errors
        if reading.documents:
            read += 1
            yield reading.payload(scope_of("traces", files))
    if not read and len(errors) == 1:
        raise errors[0]


class _Files:
    """Files on their way to one graph: the halves of a call may be in two of them."""

    def __init__(self, settings: TracesSettings) -> None:
        self._graph = CallGraph(settings.most_services, settings.most_calls)
        self._pairing = Pairing(self._graph, settings.most_spans)
        self._resources = resources_like(settings.environment, settings.cluster)
        self._now = int(clock.time() * SECOND)
        self._rejected = 0
        self._skipped = 0
        self.documents = 0
        self.errors: list[InvalidInput] = []

    def read(self, targets: Sequence[str]) -> None:
        """Read all files; what can't be read is in ``errors``."""
        for target in targets:
            folder = Path(target).expanduser().is_dir()
            found = files_of(target, _is_trace)
            if not found:
                self.errors.append(InvalidInput(f"{target} has no file of traces in it."))
            for path in found:
                try:
                    self._file(path)
                except NoTraces:
                    if folder:
                        self._skipped += 1
                    else:
                        self.errors.append(InvalidInput(f"{path} has no resourceSpans in it."))
                except (OSError, EOFError, zlib.error) as error:
                    said = getattr(error, "strerror", None) or "it is no whole gzip"
                    self.errors.append(InvalidInput(f"{path} can't be read: {said}."))
                except InvalidInput as error:
                    self.errors.append(InvalidInput(f"{path}: {error.message}"))

    def payload(self, scope: str) -> TracesPayload:
        """What all of them say."""
        self._pairing.settle()
        payload = self._graph.payload(scope, self._graph.seconds())
        notes = [*payload.notes]
        said = {
            "Spans without a valid id or a service's name, left out": self._rejected,
            "Files of the folder that have no traces in them": self._skipped,
            "Spans that waited while too many others did, settled early": self._pairing.counts[
                "early"
            ],
            "Calls to something that their spans do not name": self._pairing.counts["unnamed"],
        }
        notes += [f"{what}: {count:,}." for what, count in said.items() if count]
        return TracesPayload(scope, payload.services, payload.calls, payload.errors, tuple(notes))

    def _file(self, path: Path) -> None:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=plain) as unpacking:
                    self._stream(path, cast("BinaryIO", unpacking))
            else:
                self._stream(path, plain)

    def _stream(self, path: Path, file: BinaryIO) -> None:
        line = file.readline(MOST_DOCUMENT + 1)
        if line and not line.startswith(_JSON):
            data = line + _bounded(file, MOST_DOCUMENT - len(line))
            try:
                self._protobuf(data)
                return
            except InvalidInput:
                # Protobuf begins with a line's end as well, when a request does.
                file = io.BytesIO(data.lstrip())
                line = file.readline()
                if not line.startswith(_JSON):
                    raise
        try:
            groups = from_json(_short(line), self._resources)
        except NoTraces:
            raise
        except InvalidInput:
            # One document over many lines, unless it is a line that is wrong.
            self._whole_or_lines(path, file, line)
            return
        self._take(groups)
        self._lines(path, file, 2)

    def _whole_or_lines(self, path: Path, file: BinaryIO, line: bytes) -> None:
        start = file.tell()
        rest = _bounded(file, MOST_DOCUMENT - len(line), cut=True)
        try:
            self._take(from_json(line + rest, self._resources))
        except NoTraces:
            raise
        except InvalidInput:
            if not line.rstrip().endswith(b"}") or len(line) > MOST_DOCUMENT:
                raise
            self.errors.append(InvalidInput(f"{path}, line 1: this is no OTLP JSON."))
            file.seek(start)
            self._lines(path, file, 2)

    def _lines(self, path: Path, file: BinaryIO, number: int) -> None:
        wrong = 0
        while line := file.readline(MOST_DOCUMENT + 1):
            if line.strip():
                try:
                    self._take(from_json(_short(line), self._resources))
                except InvalidInput as error:
                    wrong += 1
                    if wrong <= MOST_ERRORS:
                        said = f"{path}, line {number}: {error.message}"
                        self.errors.append(InvalidInput(said))
                    if len(line) > MOST_DOCUMENT:
                        return
            number += 1
        if wrong > MOST_ERRORS:
            self.errors.append(InvalidInput(f"{path}: {wrong:,} lines can't be read."))

    def _protobuf(self, data: bytes) -> None:
        """One request, or several with the length before each in four bytes."""
        try:
            self._take(from_protobuf(data, self._resources))
            return
        except InvalidInput:
            messages = list(_framed(data))
            if not messages:
                raise
        for message in messages:
            self._take(from_protobuf(message, self._resources))

    def _take(self, groups: Iterator[Group]) -> None:
        self.documents += 1
        for group in groups:
            self._rejected += sum(self._pairing.take(group, self._now).rejected.values())


def _is_trace(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(ENDS)


def _short(line: bytes) -> bytes:
    if len(line) > MOST_DOCUMENT:
        raise InvalidInput(f"A document is longer than {MOST_DOCUMENT // 2**20} MiB.")
    return line


def _bounded(file: BinaryIO, most: int, *, cut: bool = False) -> bytes:
    """The rest of a file; ``cut`` where it is longer, or refused."""
    rest = file.read(max(most, 0) + 1)
    if len(rest) > max(most, 0) and not cut:
        raise InvalidInput(f"It is longer than {MOST_DOCUMENT // 2**20} MiB.")
    return rest


def _framed(data: bytes) -> Iterator[bytes]:
    """The messages, each behind its length; none where the lengths do not add up."""
    found, at = [], 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if not length or at + 4 + length > len(data):
            return
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    if at == len(data):
        yield from found
