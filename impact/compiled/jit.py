"""Where numba comes in, so that nothing else has to know whether it is there.

Kernels are compiled on their first call and cached beside their module (or in ``NUMBA_CACHE_DIR``),
so that only the first process on a machine waits for them. They hold no Python object and so let go
of the interpreter's lock: threads walk side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

AVAILABLE = find_spec("numba") is not None and find_spec("numpy") is not None
"""Whether kernels can be compiled here."""


def kernel(function: F) -> F:
    """The function, compiled for its arguments' types when it is first called.

    Where nothing can be written, neither beside the module nor in the user's cache, it is compiled
    anew in every process.
    """
    import numba

    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        compiled = numba.njit(nogil=True, error_model="numpy")(function)
    return cast("F", compiled)
