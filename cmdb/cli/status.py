"""What the command line exits with, error class by error class."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cmdb import errors

DONE = 0
NO = 1
BAD_INPUT = 2
UNREACHABLE = 3
PARTIAL = 4
BUG = 70
"""An error that is the product's own fault (EX_SOFTWARE of sysexits.h)."""

EXIT_STATUS: Mapping[type[errors.CmdbError], int] = MappingProxyType(
    {
        errors.InvalidInput: BAD_INPUT,
        errors.Refused: NO,
        errors.Unauthorised: BAD_INPUT,
        errors.PartialResult: PARTIAL,
        errors.StoreUnavailable: UNREACHABLE,
        errors.RemoteUnavailable: UNREACHABLE,
        errors.WriteConflict: UNREACHABLE,
        errors.StoreTooNew: BAD_INPUT,
        errors.StoreDamaged: BAD_INPUT,
        errors.StoreError: UNREACHABLE,
        errors.CmdbError: BAD_INPUT,
    }
)


def exit_status(error: errors.CmdbError) -> int:
    """The status of the nearest class that has one."""
    return next(EXIT_STATUS[cls] for cls in type(error).__mro__ if cls in EXIT_STATUS)
