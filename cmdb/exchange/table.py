"""Observations as tables: CSV and XLSX, a row an item (with links in columns) or a link."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from cmdb.catalogue import Catalogue, PropertyType
from cmdb.exchange.broken import csv_flaw, text_flaw, xlsx_flaw
from cmdb.exchange.cells import split_cell
from cmdb.exchange.limits import MAX_CELL, MAX_UNPACKED
from cmdb.exchange.mapping import Column, ColumnMap, Columns, columns_of
from cmdb.exchange.problems import Problems
from cmdb.exchange.record import GateRecord, ItemRecord, Line, LinkRecord
from cmdb.items.value import format_time

Row = Sequence[Any]
_TRUE, _FALSE = ("true", "yes", "1", "x"), ("false", "no", "0", "")


def read_csv(
    path: Path,
    mapping: ColumnMap,
    catalogue: Catalogue,
    source: str,
    problems: Problems,
) -> Iterator[tuple[int, Line]]:
    """The rows of a CSV file as lines, with the number of the line each ends on.

    The delimiter is a comma, semicolon or tab, whichever the header has most of.
    """
    name = str(path)
    csv.field_size_limit(MAX_CELL)
    with path.open("rb") as raw:
        if b"\x00" in raw.read(4096):
            problems.add("the file is binary: CSV is UTF-8 text", name)
            return
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline(MAX_CELL)
            delimiter = max(",;\t", key=header.count)
            stream.seek(0)
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            rows = _numbered(reader)
            yield from _lines(rows, mapping, catalogue, source, name, None, problems)
    except UnicodeDecodeError:
        message, line = text_flaw(path)
        problems.add(message, name, line)
    except _BrokenRow as broken:
        problems.add(broken.message, name, broken.line)


class _BrokenRow(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def _numbered(reader: Any) -> Iterator[tuple[int, Row]]:
    """The rows with the numbers of their lines; raises with the line that is no CSV."""
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise _BrokenRow(csv_flaw(str(error)), reader.line_num) from None


def read_xlsx(
    path: Path,
    mapping: ColumnMap,
    catalogue: Catalogue,
    source: str,
    problems: Problems,
) -> Iterator[tuple[int, Line]]:
    """The rows of every sheet as lines. A sheet named after a kind has rows of that kind."""
    import openpyxl  # heavy, and only spreadsheets need it
    from openpyxl.utils.exceptions import InvalidFileException

    name = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                problems.add("unpacks to more than 2 GiB", name)
                return
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        OSError,
        EOFError,
        SyntaxError,
    ):
        problems.add(xlsx_flaw(path), name)
        return
    try:
        for sheet in book.worksheets:
            rows = enumerate(sheet.iter_rows(values_only=True), 1)
            kind = sheet.title if sheet.title in catalogue.kinds else None
            yield from _lines(
                rows,
                mapping,
                catalogue,
                source,
                f"{name}[{sheet.title}]",
                kind,
                problems,
            )
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, SyntaxError):
        problems.add(xlsx_flaw(path), name)
    finally:
        book.close()


def _lines(
    rows: Iterable[tuple[int, Row]],
    mapping: ColumnMap,
    catalogue: Catalogue,
    source: str,
    name: str,
    kind: str | None,
    problems: Problems,
) -> Iterator[tuple[int, Line]]:
    remaining = iter(rows)
    number, headers = next(remaining, (1, ()))
    if not any(headers):
        return
    columns, flaws = columns_of([_text(h) for h in headers], mapping, catalogue)
    for header, sentence in flaws:
        problems.add(sentence, name, number, f"column {header!r}")
    if flaws:
        return
    for number, row in remaining:
        if not any(cell not in (None, "") for cell in row):
            continue
        if len(row) > len(headers):
            problems.add(
                f"has {len(row)} cells where the header has {len(headers)}",
                name,
                number,
            )
            continue
        maker = _RowMaker(columns, row, kind, catalogue, source)
        made = [*maker.lines()]
        for header, sentence in maker.flaws:
            problems.add(sentence, name, number, f"column {header!r}")
        if not maker.flaws:
            yield from ((number, line) for line in made)


class _RowMaker:
    """One row on its way to the lines it stands for."""

    def __init__(
        self,
        columns: Columns,
        row: Row,
        kind: str | None,
        catalogue: Catalogue,
        source: str,
    ) -> None:
        self._columns = columns
        self._catalogue = catalogue
        self._source = source
        self.flaws: list[tuple[str, str]] = []
        self._cells = [
            (meaning, read)
            for column, cell in zip(columns.columns, row, strict=False)
            if cell is not None and cell != "" and (read := column.reads(cell)) != ""
            for meaning in (column, *column.also)
        ]
        self._plain = {c.plain: _text(cell) for c, cell in self._cells if c.plain}
        self._kind = self._plain.get("kind") or columns.kind or kind or ""

    def lines(self) -> Iterator[Line]:
        wanted = self._columns.only_with
        if wanted is not None and all(column.header != wanted for column, _ in self._cells):
            return
        common: dict[str, Any] = {
            f: self._plain[f]
            for f in ("source", "time", "scope", "first_seen", "missing_since")
            if f in self._plain
        }
        common["retired"] = self._plain.get("retired", "").lower() in _TRUE
        if "since" in self._plain:
            try:
                common["since"] = msgspec.json.decode(self._plain["since"], type=dict[str, str])
            except msgspec.MsgspecError:
                self.flaws.append(("since", "must be a JSON object of times"))
        if self._columns.is_links and "relation" in self._plain:
            yield Line(link=self._link(), **common)
            return
        if not self._kind:
            self.flaws.append(
                (
                    "kind",
                    "is missing: add a kind column, or name the kind in a --map file or by --kind",
                )
            )
            return
        item = ItemRecord(
            self._kind,
            self._identifiers(),
            self._properties(),
            self._list("distinct_from"),
        )
        yield Line(item=item, **common)
        if item.identifiers:
            yield from self._links(item.identifiers[0], common)

    def _list(self, field: str) -> list[str]:
        return split_cell(self._plain.get(field, ""))

    def _identifiers(self) -> list[str]:
        found = self._list("identifiers")
        for column, cell in self._cells:
            if column.namespace:
                found += [
                    f"{column.namespace}:{column.prefix}{part}" for part in split_cell(_text(cell))
                ]
        if not found and self._kind in self._catalogue.kinds:
            name = next((_text(cell) for c, cell in self._cells if c.property == "name"), "")
            rule = self._catalogue.kind(self._kind).identified_by
            if name and "name" in rule:
                found.append(f"name:{self._kind}/{name}")
            elif name:
                found.append(f"key:{self._source}/{self._kind}/{name}")
        return found

    def _properties(self) -> dict[str, Any]:
        if self._kind not in self._catalogue.kinds:
            return {}
        declared = self._catalogue.kind(self._kind).properties
        found: dict[str, Any] = {}
        for column, cell in self._cells:
            # a column such as min_up is a link's field in a link's row, a property in an item's
            name = column.property or (column.plain if column.plain in declared else None)
            if name is None:
                continue
            prop = declared.get(name)
            found[name] = self._typed(column, cell, prop.type) if prop else cell
        return found

    def _typed(self, column: Column, cell: Any, kind: PropertyType) -> Any:
        text = _text(cell)
        if kind is PropertyType.DATETIME:
            return self._time(column, cell, text)
        try:
            if kind is PropertyType.INTEGER:
                return int(float(text)) if "." in text and float(text).is_integer() else int(text)
            if kind is PropertyType.NUMBER:
                return float(text)
        except (ValueError, OverflowError):
            self.flaws.append((column.header, f"must be a number, not {text[:40]!r}"))
            return None
        if kind is PropertyType.BOOLEAN:
            if text.lower() in _TRUE:
                return True
            if text.lower() in _FALSE:
                return False
            self.flaws.append((column.header, f"must be true or false, not {text[:40]!r}"))
            return None
        return split_cell(text) if kind is PropertyType.STRINGS else text

    def _time(self, column: Column, cell: Any, text: str) -> str | None:
        times = self._columns.times
        if times is None:
            return text
        try:
            return times.placed(cell) if isinstance(cell, datetime) else times.read(text)
        except ValueError as error:
            self.flaws.append((column.header, str(error)))
            return None

    def _link(self) -> LinkRecord:
        plain = self._plain
        gate = GateRecord(plain["gate"], plain.get("min_up", 1)) if "gate" in plain else None
        return LinkRecord(
            plain.get("relation", ""),
            plain.get("from", ""),
            plain.get("to", ""),
            strength=plain.get("strength", "hard").lower(),
            gate=gate,
            weight=self._number("weight"),
            confidence=self._number("confidence"),
            evidence=plain.get("evidence"),
        )

    def _number(self, field: str) -> float:
        try:
            return float(self._plain.get(field, "1"))
        except ValueError:
            self.flaws.append((field, f"must be a number, not {self._plain[field][:40]!r}"))
            return 1.0

    def _links(self, own: str, common: dict[str, Any]) -> Iterator[Line]:
        for column, cell in self._cells:
            link = column.link
            if link is None:
                continue
            for part in split_cell(_text(cell)):
                if link.by:
                    to_any = [part if n == "name" else f"{n}:{link.prefix}{part}" for n in link.by]
                    yield Line(
                        link=LinkRecord(link.relation, own, strength=link.strength, to_any=to_any),
                        **common,
                    )
                    continue
                other = f"{link.namespace}:{link.prefix}{part}" if link.namespace else part
                ends = (other, own) if link.reverse else (own, other)
                yield Line(
                    link=LinkRecord(link.relation, *ends, strength=link.strength),
                    **common,
                )


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return format_time(cell if cell.tzinfo else cell.replace(tzinfo=UTC))
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return str(cell)
