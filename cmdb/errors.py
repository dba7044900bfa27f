"""Every error of the product, on one page.

    CmdbError
    ├── InvalidInput          a file, an argument or an observation is wrong
    │   ├── InvalidCatalogue  a catalogue file is wrong
    │   ├── UnknownKind       no such kind (with the nearest ones)
    │   ├── UnknownRelation   no such relation (with the nearest ones)
    │   ├── UnknownItem       nothing goes by that id, identifier or name
    │   ├── AmbiguousItem     a name that several items bear
    │   ├── UnknownRevision   a revision or time outside the log
    │   └── InvalidSettings   a setting is wrong
    ├── Refused               the answer is no: a rule or a gate forbids it
    │   ├── IllegalTransition a record can't go from its state to that one (with those it can)
    │   └── RecordChanged     somebody else changed the record meanwhile (with what they changed)
    ├── Unauthorised          the caller showed no valid token
    ├── PartialResult         some sources failed; the rest is in
    ├── StoreError
    │   ├── StoreUnavailable  the store's server can't be reached
    │   ├── StoreTooNew       written by a newer version of the product
    │   ├── StoreDamaged      the store's file is no store, or is broken
    │   └── WriteConflict     another writer was first; read again and retry
    └── RemoteUnavailable     another server (a scan's target) can't be reached

Each class has a stable ``code``. What the command line exits with and what GraphQL puts into
``extensions`` are mapped from these classes at the rim, never here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input, and where.

    ``file`` and ``field`` are as the user wrote them, ``line`` counts from 1; each is None where
    it does not apply.
    """

    message: str
    file: str | None = None
    line: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        place = ", ".join(part for part in (where, self.field) if part)
        return f"{place}: {self.message}" if place else self.message


class CmdbError(Exception):
    """The root of the tree: ``message`` is a sentence for a person, ``code`` is for programs."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def data(self) -> dict[str, object]:
        """What a program may want besides the sentence: plain JSON values."""
        return {}

    def sentence(self) -> str:
        """All of it in one line, for where there is room for no more."""
        return self.message


class InvalidInput(CmdbError):
    """The input is wrong and nothing was changed. ``problems`` lists what, ``total`` counts all."""

    code = "invalid_input"

    def __init__(
        self, message: str, problems: Sequence[Problem] = (), total: int | None = None
    ) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total

    def data(self) -> dict[str, object]:
        return {
            "problems": [
                {"file": p.file, "line": p.line, "field": p.field, "message": p.message}
                for p in self.problems
            ],
            "total": self.total,
        }

    def sentence(self) -> str:
        """The message with the problems that it does not name already."""
        problems = [str(problem) for problem in self.problems]
        return " ".join([self.message, *(p for p in problems if p not in self.message)])


class InvalidCatalogue(InvalidInput):
    """A file that declares kinds or relations is wrong; the built-in catalogue is untouched."""

    code = "invalid_catalogue"


class InvalidSettings(InvalidInput):
    """A setting has a value that can't be used."""

    code = "invalid_settings"


class _Unknown(InvalidInput):
    """A name that nothing bears, with the nearest names there are."""

    noun: ClassVar[str] = "thing"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        self.name = name
        self.suggestions = nearest(name, known)
        super().__init__(f"There is no {self.noun} {name!r}{did_you_mean(self.suggestions)}")

    def data(self) -> dict[str, object]:
        return {
            **super().data(),
            "name": self.name,
            "suggestions": list(self.suggestions),
        }


class UnknownKind(_Unknown):
    """No kind has that name."""

    code = "unknown_kind"
    noun = "kind"


class UnknownRelation(_Unknown):
    """No relation has that name."""

    code = "unknown_relation"
    noun = "relation"


class UnknownItem(_Unknown):
    """No item has that id, identifier or name."""

    code = "unknown_item"
    noun = "item"


class UnknownRevision(InvalidInput):
    """A revision number or a point in time that the log does not reach."""

    code = "unknown_revision"


class AmbiguousItem(InvalidInput):
    """Several items bear that name; ``candidates`` are (id, kind, name)."""

    code = "ambiguous_item"

    def __init__(self, name: str, candidates: Sequence[tuple[str, str, str]]) -> None:
        self.name = name
        self.candidates = tuple(candidates)
        listed = "; ".join(f"{kind} {n} ({id_})" for id_, kind, n in self.candidates[:10])
        more = len(self.candidates) - 10
        tail = f"; and {more} more" if more > 0 else ""
        super().__init__(
            f"{name!r} is the name of several items: {listed}{tail}. Give an id or an identifier."
        )

    def data(self) -> dict[str, object]:
        return {
            **super().data(),
            "candidates": [{"id": i, "kind": k, "name": n} for i, k, n in self.candidates],
        }


class Refused(CmdbError):
    """The question was understood and the answer is no."""

    code = "refused"


class IllegalTransition(Refused):
    """A record can't go from its state to the one asked for; ``allowed`` are those it can go to."""

    code = "illegal_transition"

    def __init__(self, message: str, state: str, to: str, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.state = state
        self.to = to
        self.allowed = tuple(allowed)

    def data(self) -> dict[str, object]:
        return {"state": self.state, "to": self.to, "allowed": list(self.allowed)}


class RecordChanged(Refused):
    """Somebody changed the record after the caller had read it, and nothing was overwritten.

    ``revision`` is the one to read, ``changes`` are (field, before, after).
    """

    code = "record_changed"

    def __init__(
        self, message: str, revision: int, changes: Sequence[tuple[str, object, object]]
    ) -> None:
        super().__init__(message)
        self.revision = revision
        self.changes = tuple(changes)

    def data(self) -> dict[str, object]:
        rows = [{"field": f, "before": b, "after": a} for f, b, a in self.changes]
        return {"revision": self.revision, "changes": rows}


class Unauthorised(CmdbError):
    """The caller has shown no token, or one that is not valid."""

    code = "unauthorised"


class PartialResult(CmdbError):
    """Some of the work failed and the rest is in; ``failures`` says what failed."""

    code = "partial_result"

    def __init__(self, message: str, failures: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.failures = tuple(failures)

    def data(self) -> dict[str, object]:
        return {"failures": list(self.failures)}


class StoreError(CmdbError):
    """The store could not do what it was asked."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """The store's server can't be reached or refuses the credentials."""

    code = "store_unavailable"


class StoreTooNew(StoreError):
    """The store was written by a newer version of the product than this one."""

    code = "store_too_new"

    def __init__(self, place: str, found: int, supported: int) -> None:
        self.found = found
        self.supported = supported
        super().__init__(
            f"The store at {place} has schema version {found}; this version of cmdb reads up to "
            f"{supported}. Upgrade cmdb, or point CMDB_STORE at another store."
        )

    def data(self) -> dict[str, object]:
        return {"found": self.found, "supported": self.supported}


class StoreDamaged(StoreError):
    """What is there is not a store of ours, or is broken."""

    code = "store_damaged"


class WriteConflict(StoreError):
    """Another writer changed the same things first: read them again and retry."""

    code = "write_conflict"


class RemoteUnavailable(CmdbError):
    """A server other than the store's can't be reached."""

    code = "remote_unavailable"


def nearest(
    name: str, known: Iterable[str], limit: int = 3, cutoff: float = 0.6
) -> tuple[str, ...]:
    """The up to ``limit`` known names closest to ``name``, best first, whatever their case.

    ``cutoff`` is the share of letters that two names must have in common, from 0 to 1.
    """
    by_folded = {k.casefold(): k for k in known}
    hits = difflib.get_close_matches(name.casefold(), by_folded, n=limit, cutoff=cutoff)
    return tuple(by_folded[hit] for hit in hits)


def did_you_mean(suggestions: Sequence[str]) -> str:
    """`` (did you mean A or B?).`` for the end of a sentence, or a full stop without any."""
    return f" (did you mean {' or '.join(suggestions)}?)." if suggestions else "."
