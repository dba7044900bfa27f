"""How much of a gate must serve: a weight, or a percentage of the gate's total weight."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

_LONGEST = 40
_LARGEST_EXPONENT = 30


class MinUp(NamedTuple):
    """A weight, or (``of_total``) a share of the total weight."""

    amount: Fraction
    of_total: bool = False

    def weight(self, total: Fraction) -> Fraction:
        """The weight that must serve where the members weigh ``total``; it may be above it."""
        return self.amount * total if self.of_total else self.amount


ONE = MinUp(Fraction(1))


def parse_min_up(value: object) -> MinUp | None:
    """A number, a numeric string (``"2"``) or a percentage (``"50%"``); None for anything else.

    Numbers mean what their decimal form says, so that three weights of 0.1 make exactly 0.3.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.endswith("%"):
            share = exact(text[:-1].strip())
            return None if share is None else MinUp(share / 100, of_total=True)
        amount = exact(text)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        amount = exact(repr(value))
    else:
        return None
    return None if amount is None else MinUp(amount)


@lru_cache(maxsize=1024)
def exact(text: str) -> Fraction | None:
    """A decimal number that is finite and not negative, without rounding; None otherwise."""
    if len(text) > _LONGEST:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or number < 0:
        return None
    # A string such as 1e999999 would take minutes and gigabytes to spell out as a fraction.
    if number and abs(number.adjusted()) > _LARGEST_EXPONENT:
        return None
    return Fraction(number)
