"""Times as people write them."""

from __future__ import annotations

from datetime import datetime
from typing import overload

from cmdb.errors import InvalidInput, Problem
from cmdb.items.value import parse_time


@overload
def read_time(text: str, what: str) -> datetime: ...
@overload
def read_time(text: None, what: str) -> None: ...


def read_time(text: str | None, what: str) -> datetime | None:
    """The time that an ISO 8601 text means, in UTC; None for None.

    Raises :class:`~cmdb.errors.InvalidInput` that names ``what`` was given.
    """
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise InvalidInput("A time can't be read.", [Problem(str(error), field=what)]) from None
