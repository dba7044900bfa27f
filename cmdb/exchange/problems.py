"""What is wrong with files, collected so that a person sees all of it at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from cmdb.errors import InvalidInput, Problem

SHOWN = 20
"""Problems that are kept in full; of the rest only the number is."""


@dataclass(slots=True)
class Problems:
    """The first problems met and the count of all."""

    found: list[Problem] = field(default_factory=list)
    total: int = 0

    def add(
        self, message: str, file: str, line: int | None = None, where: str | None = None
    ) -> None:
        """Note one problem; ``where`` is a field, a column or a cell."""
        self.total += 1
        if len(self.found) < SHOWN:
            self.found.append(Problem(message, file, line, where or None))

    def raise_if_any(self) -> None:
        """Raise :class:`~cmdb.errors.InvalidInput` with what was found, if anything was."""
        if not self.total:
            return
        noun = "problem" if self.total == 1 else "problems"
        raise InvalidInput(
            f"The input has {self.total} {noun}; nothing was changed.",
            self.found,
            self.total,
        )
