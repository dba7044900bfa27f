"""What a run over a full scope no longer sees: found, and held back where too much of it is gone.

A network that is down, a token that lost its rights or a filter that was set wrong make a source
report a small part of its estate, and call it all. Such a run waits for a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from cmdb.revisions import Held, Run
from cmdb.store.port import Store

FEW = 10
"""Items. Fewer than so many that are gone are never too many: they stay missing for their grace."""
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Unseen:
    """The ids of what a run did not see, sorted, of all that its source reported in its scope.

    Of ``known`` items, which were not missing before, ``gone`` were not seen.
    """

    items: tuple[str, ...]
    links: tuple[str, ...]
    waiting: tuple[str, ...]
    gone: int
    known: int

    def too_many(self, limit: float) -> bool:
        """Whether more than the share ``limit`` (0 to 1) of the items are gone at once."""
        return self.gone >= FEW and self.gone > limit * self.known

    def held(self) -> Held:
        """The same, to be kept with the run."""
        return Held(self.items, self.links, self.waiting, self.gone, self.known)


async def find_unseen(
    store: Store, run: Run, items: set[str], links: set[str], waiting: set[str]
) -> Unseen:
    """What was reported in the run's scope and is not among the ids that it saw.

    Reads the items that were not seen, some at once.
    """
    reported = await store.reported(run.source, run.scope)
    unseen = sorted(reported.items - items)
    gone = 0
    for start in range(0, len(unseen), AT_ONCE):
        found = await store.items(unseen[start : start + AT_ONCE])
        gone += sum(
            any(
                report.missing_since is None
                for report in item.reports
                if (report.source, report.scope) == (run.source, run.scope)
            )
            for item in found.values()
        )
    return Unseen(
        items=tuple(unseen),
        links=tuple(sorted(reported.links - links)),
        waiting=tuple(sorted(reported.waiting - waiting)),
        gone=gone,
        known=len(reported.items & items) + gone,
    )


def of_held(held: Held) -> Unseen:
    """What a held run did not see."""
    return Unseen(held.items, held.links, held.waiting, held.gone, held.known)
