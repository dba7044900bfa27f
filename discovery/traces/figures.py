"""How sure a call is, and how it is told: so coarsely that one more call changes no word."""

from __future__ import annotations

import math

import msgspec

LEAST = 0.4
"""Confidence of a call that was seen once."""
MOST = 1.0
"""Confidence from :data:`ENOUGH` calls on. What is less sure, and known from traces alone, an
answer names as weak evidence."""
ENOUGH = 10_000
LEAST_FAILED = 1.0
"""Percent. Where fewer of a hundred fail, that is no news: there is always a time-out somewhere."""
WAVERS = 2
"""Steps by which a rate may differ from the one that was told before it is told anew."""
_LADDER = (1, 2, 5)


def confidence(seen: int) -> float:
    """How sure it is that there is such a dependency, after so many calls were seen.

    It grows with the logarithm: each ten times as many calls add the same.

    >>> [confidence(n) for n in (1, 10, 100, 1_000, 10_000, 10_000_000)]
    [0.4, 0.55, 0.7, 0.85, 1.0, 1.0]
    """
    grown = math.log10(max(seen, 1)) / math.log10(ENOUGH)
    return round(LEAST + (MOST - LEAST) * min(1.0, grown), 2)


def step(value: float) -> int:
    """The number of the highest rung of 1, 2, 5, 10, 20, 50, … that is not above ``value``; rungs
    below 1 have negative numbers.

    >>> step(1), step(4.9), step(1000), step(0.01)
    (0, 1, 9, -6)
    """
    tens = math.floor(math.log10(value) + 1e-9)
    within = sum(rung <= value / 10.0**tens + 1e-9 for rung in _LADDER[1:])
    return tens * len(_LADDER) + within


def rung(number: int) -> float:
    """The rung of that number.

    >>> rung(0), rung(9), rung(-6)
    (1.0, 1000.0, 0.01)
    """
    tens, within = divmod(number, len(_LADDER))
    return float(_LADDER[within] * 10.0**tens) if tens >= 0 else _LADDER[within] / 10.0**-tens


class Figures(msgspec.Struct, frozen=True):
    """``seen`` is the power of ten that the calls seen have reached. ``rate`` and ``failed`` are
    steps: of the calls in a second, and of the share in a hundred that failed; None where none was
    counted, or hardly any failed. ``silent`` says that nobody counted failures."""

    seen: int
    rate: int | None = None
    failed: int | None = None
    silent: bool = False

    @classmethod
    def of(cls, seen: int, calls: float, failed: float | None, seconds: float) -> Figures:
        """The figures of ``calls`` within ``seconds``, and of all that were ever ``seen``; None
        for ``failed`` where nobody counted that."""
        share = 100 * failed / calls if calls > 0 and failed else 0
        return cls(
            len(str(max(seen, 1))) - 1,
            step(calls / seconds) if calls > 0 and seconds > 0 else None,
            step(share) if share >= LEAST_FAILED else None,
            failed is None,
        )

    def settled(self, told: Figures) -> Figures:
        """``told``, where these hardly differ from it: what wavers between two steps, and between
        night and day, is not told anew each time."""
        lowest = step(LEAST_FAILED)
        failed, was = (lowest - 1 if f is None else f for f in (self.failed, told.failed))
        wavers = abs(failed - was) <= 1 and _near(self.rate, told.rate)
        return told if wavers and (self.seen, self.silent) == (told.seen, told.silent) else self

    @property
    def confidence(self) -> float:
        """How sure the dependency is; see :func:`confidence`."""
        return confidence(min(10**self.seen, ENOUGH))

    def sentence(self) -> str:
        """In words.

        >>> Figures.of(250, 240, 24, 60).sentence()
        'traced: 100 calls or more, about 2 a second, about 10 % of them failed'
        """
        calls = f"{10**self.seen:,} calls or more" if self.seen else "fewer than 10 calls"
        said = [f"traced: {calls}"]
        if self.rate is not None:
            said.append(f"about {_rate(rung(self.rate))}")
        if self.failed is not None:
            said.append(f"about {rung(self.failed):g} % of them failed")
        elif not self.silent:
            said.append("hardly any failed")
        return ", ".join(said)


def _near(now: int | None, told: int | None) -> bool:
    if now is None or told is None:
        return now is told
    return abs(now - told) <= WAVERS


def _rate(a_second: float) -> str:
    """The rate in the unit in which it is above 1, as far as there is one."""
    for factor, unit in ((1, "second"), (60, "minute"), (3600, "hour")):
        if a_second * factor >= 0.995:
            return f"{round(a_second * factor):,} a {unit}"
    return f"{a_second * 86400:.2g} a day"
