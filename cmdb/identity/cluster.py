"""Which reports are about the same thing.

The answer is a function of the set of reports alone: not of the order in which they came, nor of
what was concluded before. Keys are taken from the strongest namespace to the weakest; reports that
share a key are one thing unless something stronger says that they are two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cmdb.catalogue import Catalogue, Contested
from cmdb.identity.identifiers import namespace_of
from cmdb.identity.junk import junk_reason
from cmdb.items import ItemReport


@dataclass(frozen=True, slots=True)
class Group:
    """Reports about one thing: their positions, the keys that identify it, which joined them."""

    reports: tuple[int, ...]
    keys: tuple[str, ...]
    joined_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """All groups, and the keys found to belong to several things at once."""

    groups: tuple[Group, ...]
    shared: tuple[str, ...]


def group_reports(
    reports: Sequence[ItemReport], catalogue: Catalogue, shared: Collection[str] = ()
) -> Grouping:
    """Group reports by the things they are about.

    ``shared`` are keys known to identify nobody. Two groups with a key in common stay apart where

    - they are of different families of kinds (the longer-standing claim keeps the key);
    - a person said they are distinct (the side that said so keeps the key);
    - a conclusive namespace stronger than the key's has values on both sides and none in common:
      then the key goes to whoever claimed it last, or, in a namespace that clones share, to nobody.

    O(k log k) in the number of keys, times the number of reports that share one.
    """
    if len(reports) == 1:
        keys = identifying_keys(reports[0], catalogue, shared)
        return Grouping((Group((0,), keys, ()),), ())
    clusters = [_Cluster.of(i, r, catalogue, shared) for i, r in enumerate(reports)]
    order = sorted(range(len(reports)), key=lambda i: _sort_key(reports[i]))
    state = _State(reports, catalogue, clusters, order)
    for key in state.keys_by_strength():
        state.settle(key)
    groups = tuple(
        Group(tuple(sorted(c.reports)), tuple(sorted(c.keys)), tuple(c.joined_by))
        for c in state.roots()
    )
    return Grouping(groups, tuple(sorted(state.shared)))


def identifying_keys(
    report: ItemReport, catalogue: Catalogue, shared: Collection[str] = ()
) -> tuple[str, ...]:
    """The report's identifiers that may identify an item of its kind, sorted."""
    rule = catalogue.kind(report.kind).identified_by
    return tuple(
        sorted(
            key
            for key in report.identifiers
            if namespace_of(key) in rule and key not in shared and junk_reason(key) is None
        )
    )


def conflicting(
    left: Collection[str],
    right: Collection[str],
    rule: Sequence[str],
    below: str,
    catalogue: Catalogue,
) -> bool:
    """Whether two sets of keys contradict each other in a namespace stronger than ``below``."""
    for namespace in rule:
        if namespace == below:
            return False
        if not catalogue.namespaces[namespace].conclusive:
            continue
        prefix = namespace + ":"
        ours = {key for key in left if key.startswith(prefix)}
        if (
            ours
            and ours.isdisjoint(theirs := {k for k in right if k.startswith(prefix)})
            and theirs
        ):
            return True
    return False


def _sort_key(report: ItemReport) -> tuple[str, tuple[str, ...], datetime]:
    return report.source, tuple(sorted(report.identifiers)), report.first_seen


@dataclass(slots=True)
class _Cluster:
    reports: list[int]
    keys: set[str]
    claimed: set[str]
    distinct_from: set[str]
    family: str
    rule: tuple[str, ...]
    joined_by: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        index: int,
        report: ItemReport,
        catalogue: Catalogue,
        shared: Collection[str],
    ) -> _Cluster:
        keys = identifying_keys(report, catalogue, shared)
        kind = catalogue.kind(report.kind)
        return cls(
            [index],
            set(keys),
            set(keys),
            set(report.distinct_from),
            kind.family,
            kind.identified_by,
        )

    def absorb(self, other: _Cluster, key: str) -> None:
        self.reports += other.reports
        self.keys |= other.keys
        self.claimed |= other.claimed
        self.distinct_from |= other.distinct_from
        self.joined_by += [*other.joined_by, key]


class _State:
    """The clusters while keys are being settled one after another."""

    def __init__(
        self,
        reports: Sequence[ItemReport],
        catalogue: Catalogue,
        clusters: list[_Cluster],
        order: Sequence[int],
    ) -> None:
        self.reports = reports
        self.catalogue = catalogue
        self.shared: set[str] = set()
        self._clusters: dict[int, _Cluster] = {i: clusters[i] for i in order}
        self._root = list(range(len(reports)))
        self._claimants: dict[str, list[int]] = {}
        for i in order:
            for key in clusters[i].keys:
                self._claimants.setdefault(key, []).append(i)

    def roots(self) -> Iterable[_Cluster]:
        return self._clusters.values()

    def keys_by_strength(self) -> list[str]:
        """Keys with several claimants, strongest namespace first, then by name."""
        contested = {key: ids for key, ids in self._claimants.items() if len(ids) > 1}

        def strength(key: str) -> tuple[int, str]:
            namespace = namespace_of(key)
            return min(self._clusters[i].rule.index(namespace) for i in contested[key]), key

        return sorted(contested, key=strength)

    def settle(self, key: str) -> None:
        """Decide whose ``key`` is, and join those who share it without contradiction."""
        claimants = list(dict.fromkeys(self._find(i) for i in self._claimants[key]))
        claimants = [i for i in claimants if key in self._clusters[i].keys]
        if self._is_cloned(key):
            self.shared.add(key)
            for i in claimants:
                self._clusters[i].keys.discard(key)
            return
        if len(claimants) < 2:
            return
        holder = self._holder(key, claimants)
        for i in claimants:
            if i == holder:
                continue
            if self._apart(holder, i, key):
                self._clusters[i].keys.discard(key)
            else:
                self._join(holder, i, key)

    def _find(self, i: int) -> int:
        while self._root[i] != i:
            self._root[i] = self._root[self._root[i]]
            i = self._root[i]
        return i

    def _join(self, holder: int, other: int, key: str) -> None:
        self._clusters[holder].absorb(self._clusters.pop(other), key)
        self._root[other] = holder

    def _is_cloned(self, key: str) -> bool:
        """Whether any two reports of the key contradict each other, joined by others or not."""
        namespace = namespace_of(key)
        if self.catalogue.namespaces[namespace].contested is not Contested.SHARED:
            return False
        claimants = [self.reports[i] for i in self._claimants[key]]
        return any(
            conflicting(
                left.identifiers,
                right.identifiers,
                self.catalogue.kind(left.kind).identified_by,
                namespace,
                self.catalogue,
            )
            for n, left in enumerate(claimants)
            for right in claimants[n + 1 :]
        )

    def _contradict(self, left: int, right: int, key: str) -> bool:
        ours, theirs = self._clusters[left], self._clusters[right]
        return conflicting(
            ours.claimed, theirs.claimed, ours.rule, namespace_of(key), self.catalogue
        )

    def _apart(self, left: int, right: int, key: str) -> bool:
        ours, theirs = self._clusters[left], self._clusters[right]
        return (
            ours.family != theirs.family
            or not ours.distinct_from.isdisjoint(theirs.claimed)
            or not theirs.distinct_from.isdisjoint(ours.claimed)
            or self._contradict(left, right, key)
        )

    def _holder(self, key: str, claimants: Sequence[int]) -> int:
        """Who keeps the key if the claimants contradict each other."""
        oldest = min(claimants, key=lambda i: (self._claim(key, i)[1], i))
        family = self._clusters[oldest].family
        of_family = [i for i in claimants if self._clusters[i].family == family]
        marked = [i for i in of_family if self._clusters[i].distinct_from]
        present = marked or of_family
        strong = [i for i in present if self._is_strong(i, key)] or present
        return max(strong, key=lambda i: (self._claim(key, i), -strong.index(i)))

    def _is_strong(self, i: int, key: str) -> bool:
        cluster = self._clusters[i]
        stronger = cluster.rule[: cluster.rule.index(namespace_of(key))]
        conclusive = {n for n in stronger if self.catalogue.namespaces[n].conclusive}
        return any(namespace_of(k) in conclusive for k in cluster.claimed)

    def _claim(self, key: str, i: int) -> tuple[bool, datetime]:
        """Whether a source that still sees the thing claims the key for it, and since when."""
        claims = [
            (r.missing_since is None, r.said_since(key))
            for r in (self.reports[n] for n in self._clusters[i].reports)
            if key in r.identifiers
        ]
        return max(claims)
