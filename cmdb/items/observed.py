"""What was seen, however much that is: a few observations in memory, many in files on disk."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator
from typing import IO, Generic, TypeVar

import msgspec

from cmdb.errors import InvalidSettings
from cmdb.items.observation import ItemObservation, LinkObservation, Observation

KEPT = 10_000
"""Items, and links, that are kept in memory; where there are more, all are on disk."""
BLOCK = 1_000
"""Observations that are written and read together once they are on disk."""

_SeenT = TypeVar("_SeenT", ItemObservation, LinkObservation)


class Observed(Collection[Observation]):
    """Observations that can be read as often as wanted, items before links.

    Those of a sort stay in the order in which they were added. Memory is bounded; the files on
    disk have no name and go with the object. Adding and reading raise
    :class:`~cmdb.errors.InvalidSettings` where the disk does not take them.
    """

    def __init__(self, observations: Iterable[Observation] = ()) -> None:
        self._items = _Pile(ItemObservation)
        self._links = _Pile(LinkObservation)
        self._all_named = True
        self.extend(observations)

    def extend(self, observations: Iterable[Observation]) -> None:
        """Add observations."""
        for seen in observations:
            self.add(seen)

    def add(self, seen: Observation) -> None:
        """Add one observation. O(1) over many."""
        if isinstance(seen, ItemObservation):
            self._items.add(seen)
        else:
            self._links.add(seen)

    def hide_links(self) -> None:
        """From now on no item claims that all of its links are named."""
        self._all_named = False

    @property
    def items_count(self) -> int:
        """How many items there are."""
        return self._items.count

    @property
    def links_count(self) -> int:
        """How many links there are."""
        return self._links.count

    def items(self) -> Iterator[ItemObservation]:
        """Every item."""
        return iter(self._items) if self._all_named else map(_incomplete, self._items)

    def links(self) -> Iterator[LinkObservation]:
        """Every link."""
        return iter(self._links)

    def __len__(self) -> int:
        return self.items_count + self.links_count

    def __iter__(self) -> Iterator[Observation]:
        yield from self.items()
        yield from self.links()

    def __contains__(self, seen: object) -> bool:
        return any(seen == other for other in self)


class _Pile(Generic[_SeenT]):
    """The observations of one sort."""

    def __init__(self, sort: type[_SeenT]) -> None:
        self._sort: type[_SeenT] = sort
        self._tail: list[_SeenT] = []
        self._blocks: list[tuple[int, int]] = []
        self._end = 0
        self._file: IO[bytes] | None = None
        self.count = 0

    def add(self, seen: _SeenT) -> None:
        self.count += 1
        self._tail.append(seen)
        if len(self._tail) > (BLOCK if self._blocks else KEPT):
            self._write()

    def __iter__(self) -> Iterator[_SeenT]:
        if self._blocks:
            decode = msgspec.msgpack.Decoder(list[self._sort]).decode  # type: ignore[name-defined]  # a type that is known when it runs
            for start, size in self._blocks:
                yield from decode(self._read(start, size))
        yield from self._tail

    def _write(self) -> None:
        encode = msgspec.msgpack.Encoder().encode
        try:
            file = self._file or self._open()
            file.seek(self._end)
            for first in range(0, len(self._tail), BLOCK):
                block = encode(self._tail[first : first + BLOCK])
                file.write(block)
                self._blocks.append((self._end, len(block)))
                self._end += len(block)
            file.flush()
        except OSError as error:
            raise _unusable(error) from None
        self._tail.clear()

    def _open(self) -> IO[bytes]:
        import tempfile

        self._file = tempfile.TemporaryFile(prefix="cmdb-observed-")  # noqa: SIM115  # closed with this object
        weakref.finalize(self, self._file.close)
        return self._file

    def _read(self, start: int, size: int) -> bytes:
        assert self._file is not None
        try:
            self._file.seek(start)
            return self._file.read(size)
        except OSError as error:
            raise _unusable(error) from None


def _unusable(error: OSError) -> InvalidSettings:
    import tempfile

    return InvalidSettings(
        f"{tempfile.gettempdir()} can't hold what was seen until it is stored: {error.strerror}."
    )


def _incomplete(seen: ItemObservation) -> ItemObservation:
    """The observation without the claim that all links of the item are named."""
    return msgspec.structs.replace(seen, complete=()) if seen.complete else seen
