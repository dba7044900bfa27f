"""What is wrong with a table's file that can't be read, and what would be right."""

from __future__ import annotations

import zipfile
from pathlib import Path

from cmdb.exchange.limits import MAX_CELL

_AGAIN = "open it in a spreadsheet program and save it as .xlsx"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Excel before 2007 begin, and workbooks that are encrypted."""


def xlsx_flaw(path: Path) -> str:
    """Why a file is no workbook that can be read, in a sentence that says what to do."""
    start = _start(path)
    if not start:
        return "is empty: an XLSX workbook was expected"
    if start == _OLD:
        return (
            "is no XLSX workbook, but one of an old Excel (.xls) or one with a password: "
            f"{_AGAIN}, without a password"
        )
    if not start.startswith(b"PK"):
        return f"is no XLSX workbook, whatever its name says: name it as what it is, or {_AGAIN}"
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, EOFError, ValueError):
        return f"is no XLSX workbook that can be read: it breaks off. Copy it again, or {_AGAIN}"
    if not any(name.startswith("xl/") for name in names):
        return f"is no XLSX workbook, but another kind of archive: {_AGAIN}"
    return f"is an XLSX workbook that is damaged inside: {_AGAIN} again"


def csv_flaw(error: str) -> str:
    """Why a row is no CSV, from what the reader says of it."""
    for sign, sentence in _CSV:
        if sign in error:
            return sentence
    return "is not CSV: cells are set apart by commas, semicolons or tabs, a row a line"


_CSV = (
    ("unexpected end", "is not CSV: a cell begins with a quote that is never closed"),
    (
        "expected after",
        'is not CSV: a quote stands inside a quoted cell; there it is written twice: ""',
    ),
    ("field limit", f"is not CSV: a cell has more than {MAX_CELL:,} characters"),
    ("new-line character", "is not CSV: its lines end as on an old Mac; save it with other ends"),
    ("NUL", "the file is binary: CSV is UTF-8 text"),
)


def text_flaw(path: Path) -> tuple[str, int | None]:
    """That a text is not UTF-8, and the first line that is not."""
    line: int | None = None
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                line = number
                break
    return "is not UTF-8 text: save it as CSV with the encoding UTF-8", line


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(len(_OLD))
