"""The compiled engine: an estate as flat arrays, walked by kernels that numba compiles.

It answers what :mod:`impact.propagate` and :mod:`impact.reasons` answer, to the letter, and is what
large estates are walked with. Where numba can't be had, ``AVAILABLE`` is false and those two do it.
"""

from impact.compiled.jit import AVAILABLE

__all__ = ["AVAILABLE"]
