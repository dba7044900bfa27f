"""Files of things that are asked about: alerts, planned failures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cmdb.errors import InvalidInput, Problem

MOST_PROBLEMS = 100


def text_of(path: Path) -> str:
    """The text in a file. Raises :class:`~cmdb.errors.InvalidInput` where it can't be read."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8 text.") from None


def raise_any(problems: Sequence[Problem], message: str) -> None:
    """Raise :class:`~cmdb.errors.InvalidInput` where there are problems, with the first of them."""
    if problems:
        raise InvalidInput(message, problems[:MOST_PROBLEMS], len(problems))
