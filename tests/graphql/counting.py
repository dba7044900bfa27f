"""A store that counts what it is asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cmdb.store.port import Store


class CountingStore:
    """Passes every call on to a real store, and counts them by name."""

    def __init__(self, store: Store) -> None:
        self.inner = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            return found(*args, **kwargs)

        return counted
