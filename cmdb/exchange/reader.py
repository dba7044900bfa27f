"""Files of observations, checked whole before anything is loaded from them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput
from cmdb.exchange.jsonl import read_lines
from cmdb.exchange.mapping import ColumnMap
from cmdb.exchange.problems import Problems
from cmdb.exchange.record import Defaults, FlawedRecord, Line, observation
from cmdb.exchange.table import read_csv, read_xlsx
from cmdb.items import LinkObservation, Observation, Observed

FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx")

PlacedLink = tuple[str, int, LinkObservation]
"""The file and the line that a link is from, and the link."""


@dataclass(slots=True)
class ObservationFiles:
    """Checked files: ``observed`` is what they say, its items and links in the order of the files.

    ``kinds`` has the kind of each item by its identifiers.
    """

    observed: Observed = field(default_factory=Observed)
    kinds: dict[str, str] = field(default_factory=dict)
    _files: list[tuple[int, str]] = field(default_factory=list)
    """The number of the first link of each file."""
    _lines: array[int] = field(default_factory=lambda: array("Q"))
    """The line of each link."""

    def begin(self, path: Path) -> None:
        """What is added from now on is from this file."""
        self._files.append((len(self._lines), str(path)))

    def add(self, line: int, seen: Observation) -> None:
        """Add what a line of the file says."""
        self.observed.add(seen)
        if isinstance(seen, LinkObservation):
            self._lines.append(line)
        else:
            self.kinds.update((key, seen.kind) for key in seen.identifiers)

    def placed_links(self) -> Iterator[PlacedLink]:
        """Every link, with the file and the line that it is from."""
        links = zip(self._lines, self.observed.links(), strict=True)
        for (first, path), (end, _) in pairwise([*self._files, (len(self._lines), "")]):
            for line, link in islice(links, end - first):
                yield path, line, link


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
    files, problems = ObservationFiles(), Problems()
    for path in paths:
        files.begin(path)
        for number, line in _read(path, mapping, catalogue, defaults, problems):
            try:
                seen = observation(line, defaults, catalogue)
            except FlawedRecord as flawed:
                for flaw in flawed.flaws:
                    problems.add(flaw.message, str(path), number, flaw.field)
                continue
            files.add(number, seen)
    check_ends(files.placed_links(), files.kinds, catalogue, problems)
    problems.raise_if_any()
    return files


def check_ends(
    links: Iterable[PlacedLink],
    kinds: Mapping[str, str],
    catalogue: Catalogue,
    problems: Problems,
) -> None:
    """Note every link whose ends are of kinds that its relation can't join."""
    for file, number, link in links:
        start, end = kinds.get(link.from_key), kinds.get(link.to_key)
        problem = catalogue.end_problem(link.relation, start, end)
        if problem is not None:
            problems.add(problem, file, number, "link")


def open_ends(links: Iterable[PlacedLink], kinds: Mapping[str, str]) -> Iterator[PlacedLink]:
    """The links with an end that ``kinds`` does not have: the store may know what it is."""
    return (
        placed for placed in links if not {placed[2].from_key, placed[2].to_key} <= kinds.keys()
    )


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
