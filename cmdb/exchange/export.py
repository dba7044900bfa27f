"""The graph out as observations: what each source said, so that an import rebuilds all of it."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput
from cmdb.exchange.cells import join_parts
from cmdb.exchange.mapping import LINE_FIELDS, LINK_FIELDS
from cmdb.exchange.record import GateRecord, ItemRecord, Line, LinkRecord
from cmdb.items import (
    Item,
    ItemObservation,
    ItemReport,
    Link,
    LinkReport,
    Observation,
    WaitingLink,
)
from cmdb.items.value import format_time

_ITEM_COLUMNS = ("kind", "identifiers", "distinct_from", *LINE_FIELDS)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MAX_SHEET_ROWS = 1_048_576
"""What one sheet of an XLSX workbook holds."""


def lines_of(entity: Item | Link | WaitingLink) -> Iterator[Line]:
    """One line per report of an entity: everything the store knows of it, but its own ids."""
    if isinstance(entity, Item):
        yield from (_item_line(report) for report in entity.reports)
    elif isinstance(entity, Link):
        yield from (_link_line(entity.relation, report) for report in entity.reports)
    else:
        yield _link_line(entity.relation, entity.report)


def _item_line(report: ItemReport) -> Line:
    return Line(
        item=ItemRecord(
            report.kind,
            list(report.identifiers),
            dict(report.values),
            list(report.distinct_from),
        ),
        since={k: format_time(t) for k, t in report.since.items()} or None,
        **_common(report),
    )


def _link_line(relation: str, report: LinkReport) -> Line:
    return Line(
        link=LinkRecord(
            relation,
            report.from_key,
            report.to_key,
            report.strength,
            GateRecord(report.gate.name, report.gate.min_up) if report.gate else None,
            report.weight,
            report.confidence,
            report.evidence,
        ),
        since={"link": format_time(report.since)} if report.since != report.last_seen else None,
        **_common(report),
    )


def line_of_observation(seen: Observation) -> Line:
    """The line that an import reads back as this observation."""
    time = format_time(seen.time)
    if isinstance(seen, ItemObservation):
        item = ItemRecord(
            seen.kind,
            list(seen.identifiers),
            dict(seen.properties),
            list(seen.distinct_from),
            list(seen.complete),
        )
        return Line(item=item, source=seen.source, time=time, scope=seen.scope or None)
    link = LinkRecord(
        seen.relation,
        seen.from_key,
        seen.to_key,
        seen.strength,
        GateRecord(seen.gate.name, seen.gate.min_up) if seen.gate else None,
        seen.weight,
        seen.confidence,
        seen.evidence,
        list(seen.to_any),
    )
    return Line(link=link, source=seen.source, time=time, scope=seen.scope or None)


def _common(report: ItemReport | LinkReport) -> dict[str, Any]:
    return {
        "source": report.source,
        "time": format_time(report.last_seen),
        "scope": report.scope or None,
        "first_seen": format_time(report.first_seen),
        "missing_since": _optional(report.missing_since),
        "retired": report.retired,
    }


def _optional(time: datetime | None) -> str | None:
    return format_time(time) if time else None


class Writer(Protocol):
    """Writes lines to one file."""

    def write(self, line: Line) -> None:
        """Add one line."""

    def close(self) -> None:
        """Finish the file."""

    def abandon(self) -> None:
        """Let go of what is half written: not everything could be."""


class JsonLinesWriter:
    """Writes JSON Lines."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._encoder = msgspec.json.Encoder()

    def write(self, line: Line) -> None:
        """Add one line."""
        self._stream.write(self._encoder.encode(line) + b"\n")

    def close(self) -> None:
        """Flush; the caller closes the stream it opened."""
        self._stream.flush()

    def abandon(self) -> None:
        """Leave the stream as it is; the caller closes it."""


class CsvWriter:
    """Writes one wide table: item rows and link rows, told apart by the relation column."""

    def __init__(self, stream: IO[str], catalogue: Catalogue) -> None:
        self._properties = tuple(catalogue.properties)
        self._writer = csv.writer(stream, lineterminator="\n")
        self._stream = stream
        self._header = tuple(dict.fromkeys((*_ITEM_COLUMNS, *LINK_FIELDS, *self._properties)))
        self._writer.writerow(self._header)

    def write(self, line: Line) -> None:
        """Add one row."""
        cells = cells_of(line)
        self._writer.writerow([cells.get(name, "") for name in self._header])

    def close(self) -> None:
        """Flush; the caller closes the stream it opened."""
        self._stream.flush()

    def abandon(self) -> None:
        """Leave the stream as it is; the caller closes it."""


class XlsxWriter:
    """Writes a workbook with a sheet of items and a sheet of links.

    Raises :class:`~cmdb.errors.InvalidInput` where a sheet would need more rows than XLSX has, or
    a value has characters that it can't hold.
    """

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        import openpyxl  # heavy, and only spreadsheets need it

        self._path = path
        self._book = openpyxl.Workbook(write_only=True)
        self._headers = {
            "items": (*_ITEM_COLUMNS, *catalogue.properties),
            "links": (*LINK_FIELDS, *LINE_FIELDS),
        }
        self._sheets = {name: self._book.create_sheet(name) for name in self._headers}
        self._rows = dict.fromkeys(self._headers, 1)
        for name, header in self._headers.items():
            self._sheets[name].append(list(header))

    def write(self, line: Line) -> None:
        """Add one row to the sheet it belongs to."""
        name = "links" if line.link is not None else "items"
        self._rows[name] += 1
        if self._rows[name] > _MAX_SHEET_ROWS:
            raise InvalidInput(
                f"An XLSX sheet holds {_MAX_SHEET_ROWS:,} rows; export {name} as .jsonl or .csv."
            )
        cells = cells_of(line)
        row = [cells.get(column) for column in self._headers[name]]
        if control := next((c for c in row if c and _CONTROL.search(c)), None):
            raise InvalidInput(
                f"XLSX can't hold the control characters in {control[:60]!r}; "
                "export as .jsonl or .csv."
            )
        self._sheets[name].append(row)

    def close(self) -> None:
        """Write the file."""
        self._book.save(self._path)

    def abandon(self) -> None:
        """Close the sheets' temporary files; nothing was written under the file's own name."""
        for sheet in self._sheets.values():
            sheet.close()


def cells_of(line: Line) -> dict[str, str]:
    """A line as table cells by column name."""
    cells: dict[str, str] = {}
    for name in ("source", "time", "scope", "first_seen", "missing_since"):
        if (value := getattr(line, name)) is not None:
            cells[name] = value
    if line.retired:
        cells["retired"] = "true"
    if line.since:
        cells["since"] = msgspec.json.encode(line.since).decode()
    if line.item is not None:
        cells["kind"] = line.item.kind
        cells["identifiers"] = join_parts(line.item.identifiers)
        cells["distinct_from"] = join_parts(line.item.distinct_from)
        cells.update((name, _cell(value)) for name, value in line.item.properties.items())
    if line.link is not None:
        cells.update(_link_cells(line.link))
    return cells


def _link_cells(link: LinkRecord) -> dict[str, str]:
    cells = {"relation": link.relation, "from": link.from_key, "to": link.to_key}
    cells["strength"] = link.strength
    if link.gate is not None:
        cells["gate"] = link.gate.name
        cells["min_up"] = str(link.gate.min_up)
    cells["weight"] = repr(link.weight)
    cells["confidence"] = repr(link.confidence)
    if link.evidence is not None:
        cells["evidence"] = link.evidence
    return cells


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return join_parts(value)
    return repr(value) if isinstance(value, float) else str(value)


async def write_all(
    entities: AsyncIterator[Item | Link | WaitingLink], writer: Writer
) -> tuple[int, int]:
    """Write every report of every entity; returns the number of item and of link lines."""
    items = links = 0
    try:
        async for entity in entities:
            for line in lines_of(entity):
                writer.write(line)
                if line.item is not None:
                    items += 1
                else:
                    links += 1
    except BaseException:
        writer.abandon()
        raise
    writer.close()
    return items, links
