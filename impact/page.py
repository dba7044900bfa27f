"""Pages: which rows of an answer's lists are given, and whether these are all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from cmdb.errors import InvalidInput

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of each list from ``offset`` on, ``limit`` of them or, with None, all.

    Pages put together are the whole. Raises :class:`~cmdb.errors.InvalidInput` where one of the
    two is negative.
    """

    limit: int | None = None
    offset: int = 0

    def __post_init__(self) -> None:
        for what, number in (("limit", self.limit), ("offset", self.offset)):
            if number is not None and number < 0:
                raise InvalidInput(f"The {what} must be 0 or more, not {number}.")

    @property
    def end(self) -> int | None:
        """The place of the first row behind the page; None where there is none."""
        return None if self.limit is None else self.offset + self.limit

    def of(self, rows: Sequence[_Row], first: int = 0) -> tuple[_Row, ...]:
        """Those rows that are on the page. ``first`` is the place of the first of them in the list,
        where they are a part of it."""
        end = None if self.end is None else max(0, self.end - first)
        return tuple(rows[max(0, self.offset - first) : end])

    def cuts(self, *lengths: int) -> bool:
        """Whether lists of these lengths have rows that are not on the page."""
        longest = max(lengths, default=0)
        is_longer = self.end is not None and longest > self.end
        return is_longer or (self.offset > 0 and longest > 0)


WHOLE = Page()
"""All of every list."""
