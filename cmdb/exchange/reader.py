"""Files of observations, checked whole before anything is loaded from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput
from cmdb.exchange.jsonl import read_lines
from cmdb.exchange.mapping import ColumnMap
from cmdb.exchange.problems import Problems
from cmdb.exchange.record import Defaults, FlawedRecord, Line, observation
from cmdb.exchange.table import read_csv, read_xlsx
from cmdb.items import ItemObservation, LinkObservation, Observation

KEPT = 100_000
"""Observations kept in memory between checking and loading; larger inputs are read again."""

FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx")

_T = TypeVar("_T", ItemObservation, LinkObservation)


@dataclass(slots=True)
class ObservationFiles:
    """Checked files: their items and links can be read as often as wanted.

    ``open_ends`` are links with an end that no item of the files has, by that identifier: the
    store may know what it is.
    """

    items_count: int = 0
    links_count: int = 0
    open_ends: list[tuple[str, int, LinkObservation]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    _kept: list[Observation] | None = field(default_factory=list)
    _paths: tuple[Path, ...] = ()
    _mapping: ColumnMap = field(default_factory=ColumnMap)
    _defaults: Defaults | None = None
    _catalogue: Catalogue | None = None

    def items(self) -> Iterator[ItemObservation]:
        """Every item, in the order of the files."""
        return self._of(ItemObservation)

    def links(self) -> Iterator[LinkObservation]:
        """Every link, in the order of the files."""
        return self._of(LinkObservation)

    def _of(self, kind: type[_T]) -> Iterator[_T]:
        if self._kept is not None:
            yield from (o for o in self._kept if isinstance(o, kind))
            return
        assert self._defaults is not None
        assert self._catalogue is not None
        for path in self._paths:
            problems = Problems()
            for _, line in _read(path, self._mapping, self._catalogue, self._defaults, problems):
                seen = observation(line, self._defaults, self._catalogue)
                if isinstance(seen, kind):
                    yield seen
            problems.raise_if_any()


def check_files(
    paths: Sequence[Path],
    defaults: Defaults,
    catalogue: Catalogue,
    mapping: ColumnMap | None = None,
    kind: str | None = None,
) -> ObservationFiles:
    """Read files through and return them ready for loading.

    Raises :class:`~cmdb.errors.InvalidInput` with every problem of every file: the first 20 in
    full and the count of all. ``kind`` is for table rows that name none.
    """
    mapping = mapping or ColumnMap()
    if kind is not None:
        catalogue.kind(kind)
        mapping = msgspec.structs.replace(mapping, kind=kind)
    files = ObservationFiles(
        _paths=tuple(paths), _mapping=mapping, _defaults=defaults, _catalogue=catalogue
    )
    problems = Problems()
    ends: list[tuple[str, int, LinkObservation]] = []
    for path in paths:
        for number, line in _read(path, mapping, catalogue, defaults, problems):
            try:
                seen = observation(line, defaults, catalogue)
            except FlawedRecord as flawed:
                for flaw in flawed.flaws:
                    problems.add(flaw.message, str(path), number, flaw.field)
                continue
            _keep(files, seen)
            if isinstance(seen, LinkObservation):
                ends.append((str(path), number, seen))
            else:
                files.kinds.update((key, seen.kind) for key in seen.identifiers)
    files.open_ends = check_ends(ends, files.kinds, catalogue, problems)
    problems.raise_if_any()
    return files


def check_ends(
    links: Sequence[tuple[str, int, LinkObservation]],
    kinds: dict[str, str],
    catalogue: Catalogue,
    problems: Problems,
) -> list[tuple[str, int, LinkObservation]]:
    """Note every link whose ends are of kinds that its relation can't join; return those with an
    end of unknown kind."""
    unknown = []
    for file, number, link in links:
        start, end = kinds.get(link.from_key), kinds.get(link.to_key)
        problem = catalogue.end_problem(link.relation, start, end)
        if problem is not None:
            problems.add(problem, file, number, "link")
        elif start is None or end is None:
            unknown.append((file, number, link))
    return unknown


def _keep(files: ObservationFiles, seen: Observation) -> None:
    if isinstance(seen, ItemObservation):
        files.items_count += 1
    else:
        files.links_count += 1
    if files._kept is not None:
        files._kept.append(seen)
        if len(files._kept) > KEPT:
            files._kept = None


def _read(
    path: Path,
    mapping: ColumnMap,
    catalogue: Catalogue,
    defaults: Defaults,
    problems: Problems,
) -> Iterator[tuple[int, Line]]:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; name the files in it.")
    try:
        suffix = path.suffix.lower()
        if suffix in (".csv", ".tsv"):
            yield from read_csv(path, mapping, catalogue, defaults.source, problems)
        elif suffix == ".xlsx":
            yield from read_xlsx(path, mapping, catalogue, defaults.source, problems)
        elif suffix in (".jsonl", ".ndjson", ".json", ""):
            yield from read_lines(path, problems)
        else:
            problems.add(f"has an ending that is none of {', '.join(FORMATS)}", str(path))
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror or error}.") from None
