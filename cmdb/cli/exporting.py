"""`cmdb export`: from the store, or a past view of it, into a file or standard output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cmdb.errors import InvalidInput
from cmdb.exchange.export import CsvWriter, JsonLinesWriter, Writer, XlsxWriter, write_all
from cmdb.revisions.views import revision_number, snapshot

if TYPE_CHECKING:
    from cmdb.catalogue import Catalogue
    from cmdb.service import Cmdb

_FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".csv": "csv", ".xlsx": "xlsx"}


async def export_to(
    cmdb: Cmdb, output: Path | None, file_format: str | None, at: str | None
) -> tuple[int, int]:
    """Write all reports; returns the numbers of item and link reports.

    Raises :class:`~cmdb.errors.InvalidInput` for an unknown format or a file that can't be written.
    """
    chosen = file_format or (_FORMATS.get(output.suffix.lower()) if output else "jsonl")
    if chosen is None or chosen not in _FORMATS.values():
        raise InvalidInput(
            f"{file_format or output} is of no format known; write jsonl, csv or xlsx."
        )
    if chosen == "xlsx" and output is None:
        raise InvalidInput("A spreadsheet needs a file: --output FILE.xlsx.")
    entities = snapshot(cmdb.store, await revision_number(cmdb.store, at) if at else None)
    if output is None:
        return await write_all(entities, _writer(chosen, sys.stdout.buffer, None, cmdb.catalogue))
    try:
        if chosen == "xlsx":
            return await write_all(entities, XlsxWriter(output, cmdb.catalogue))
        with output.open("wb") as stream:
            writer = _writer(chosen, stream, output, cmdb.catalogue)
            return await write_all(entities, writer)
    except OSError as error:
        raise InvalidInput(f"{output} can't be written: {error.strerror}.") from None


def _writer(chosen: str, stream: BinaryIO, output: Path | None, catalogue: Catalogue) -> Writer:
    if chosen == "jsonl":
        return JsonLinesWriter(stream)
    import io

    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=output is None)
    return CsvWriter(text, catalogue)
