"""A new scanner's package, written from a template that works as it is."""

from __future__ import annotations

import re
from pathlib import Path

from cmdb.errors import InvalidInput
from discovery.registry import scanner_names

TEMPLATE = Path(__file__).parent / "template"
_EXAMPLE = re.compile(r"example(?!\.org|=)")
"""The template's name, but neither an address nor a keyword."""
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}\Z")


def write_scanner(name: str, parent: Path) -> Path:
    """Write the package of a scanner of that name into a new folder; returns the folder.

    Raises :class:`~cmdb.errors.InvalidInput` where the name can't be one, or something is there.
    """
    if not _NAME.match(name):
        raise InvalidInput(
            f"A scanner's name is small letters, digits and _, such as inventory, not {name!r}."
        )
    if name in scanner_names():
        raise InvalidInput(f"There is a scanner {name} already; take another name.")
    folder = parent / f"cmdb-{name}"
    try:
        folder.mkdir()
        for path in sorted(TEMPLATE.rglob("*")):
            inner = path.relative_to(TEMPLATE)
            if path.is_file() and "__pycache__" not in inner.parts:
                target = folder / str(inner).replace("example", name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(_named(path.read_text("utf-8"), name), "utf-8")
    except FileExistsError:
        raise InvalidInput(f"{folder} is there already.") from None
    except OSError as error:
        raise InvalidInput(f"{folder} can't be written: {error.strerror}.") from None
    return folder


def _named(text: str, name: str) -> str:
    class_name = "".join(part.capitalize() for part in name.split("_"))
    return _EXAMPLE.sub(name, text).replace("Example", class_name)
