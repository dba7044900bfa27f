"""Impact by brute force, written from the definition alone, for estates of a few items.

It shares no code with the analysis: states are plain numbers, gates are worked out anew whenever
an item is asked about, paths are searched one by one, and everything is recomputed in rounds until
nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from cmdb.items import Item, Link

UP, AT_RISK, DEGRADED, DOWN = range(4)

PROVIDER_AT = {
    "DEPENDS_ON": "to",
    "CONNECTS_TO": "to",
    "EXCHANGES_DATA_WITH": "to",
    "RUNS_ON": "to",
    "HOSTED_ON": "to",
    "ATTACHES_TO": "to",
    "ROUTES_TO": "to",
    "POWERED_BY": "to",
    "LOCATED_IN": "to",
    "SECURED_BY": "to",
    "RESOLVED_BY": "to",
    "MEMBER_OF": "from",
    "CONTAINS": "from",
    "CONTRIBUTES_TO": "from",
}


class BruteForce:
    def __init__(self, items: Sequence[Item], links: Sequence[Link], planned: bool = False) -> None:
        out = {"retired"} if planned else {"retired", "planned"}
        self.items = {item.id: item for item in items if item.status.value not in out}
        self.links = [
            link
            for link in links
            if link.status != "retired"
            and link.from_id in self.items
            and link.to_id in self.items
            and link.from_id != link.to_id
        ]

    def states(self, given: Mapping[str, int]) -> dict[str, int]:
        """The state of every item, by id."""
        now = dict.fromkeys(self.items, UP)
        while True:
            following = {
                item: max(
                    given.get(item, UP),
                    self.network_state(item, now),
                    *(self.output(gate, now) for gate in self.gates(item)),
                    UP,
                )
                for item in self.items
            }
            if following == now:
                return now
            now = following

    # Gates: (how much is needed, is it soft, weight by member)

    def gates(self, item: str) -> Iterator[tuple[Fraction, bool, dict[str, Fraction]]]:
        ways = [
            (link, link.to_id if side == "to" else link.from_id)
            for link in self.links
            if (side := PROVIDER_AT.get(link.relation))
            and item == (link.from_id if side == "to" else link.to_id)
        ]
        named = {link.gate.name for link, _ in ways if link.gate}
        for name in named:
            mine = [(link, other) for link, other in ways if link.gate and link.gate.name == name]
            yield self.group(mine, [link.gate.min_up for link, _ in mine if link.gate])
        plain = [(link, other) for link, other in ways if not link.gate]
        nodes = [(link, other) for link, other in plain if link.relation == "MEMBER_OF"]
        if nodes:
            yield self.group(nodes, [self.items[item].properties.get("min_up", 1)])
        feeds = [(link, other) for link, other in plain if link.relation == "POWERED_BY"]
        if feeds:
            yield self.group(feeds, [1])
        for link, other in plain:
            if link.relation in ("MEMBER_OF", "POWERED_BY"):
                continue
            pool = self.with_standbys(other)
            if len(pool) > 1:
                yield Fraction(1), self.soft(link), dict.fromkeys(pool, Fraction(1))
            else:
                yield self.group([(link, other)], [1])

    def group(
        self, ways: list[tuple[Link, str]], asked: list[object]
    ) -> tuple[Fraction, bool, dict[str, Fraction]]:
        weights: dict[str, Fraction] = {}
        for link, other in ways:
            weight = Fraction(str(link.weight)) if link.weight >= 0 else Fraction(1)
            weights[other] = max(weight, weights.get(other, Fraction(0)))
        total = sum(weights.values(), start=Fraction(0))
        needed = max(self.amount(value, total) for value in asked)
        return min(needed, total), all(self.soft(link) for link, _ in ways), weights

    def amount(self, value: object, total: Fraction) -> Fraction:
        text = str(value)
        try:
            amount = Fraction(text[:-1]) / 100 * total if text.endswith("%") else Fraction(text)
        except ValueError:
            return Fraction(1)
        return amount if amount >= 0 else Fraction(1)

    def soft(self, link: Link) -> bool:
        return link.strength == "soft" or link.relation == "EXCHANGES_DATA_WITH"

    def with_standbys(self, item: str) -> set[str]:
        pool = {item}
        while True:
            more = {
                link.to_id
                for link in self.links
                if link.relation == "FAILS_OVER_TO" and link.from_id in pool
            }
            if more <= pool:
                return pool
            pool |= more

    def output(
        self, gate: tuple[Fraction, bool, dict[str, Fraction]], now: Mapping[str, int]
    ) -> int:
        needed, soft, weights = gate
        state = min(
            s
            for s in (UP, AT_RISK, DEGRADED, DOWN)
            if sum(w for member, w in weights.items() if now[member] <= s) >= needed
        )
        if state == UP and any(now[member] in (DEGRADED, DOWN) for member in weights):
            state = AT_RISK
        return max(state - 1, UP) if soft else state

    # Networks

    def is_device(self, item: str) -> bool:
        return self.items[item].kind == "NetworkDevice"

    def is_anchor(self, item: str) -> bool:
        role = self.items[item].properties.get("network_role")
        return self.is_device(item) and role in ("core", "gateway")

    def beside(self, item: str) -> set[str]:
        ends = [{x.from_id, x.to_id} for x in self.links if x.relation == "LINKED_TO"]
        return {other for pair in ends if item in pair for other in pair - {item}}

    def network(self, item: str) -> set[str]:
        known = {item}
        while more := {other for one in known for other in self.beside(one)} - known:
            known |= more
        return known

    def is_connected(self, item: str, now: Mapping[str, int]) -> bool:
        devices = {other for other in self.beside(item) if self.is_device(other)}
        if not any(self.is_anchor(other) for other in self.network(item)):
            return any(now[device] != DOWN for device in devices)
        return self.path_to_anchor(item, now, ())

    def path_to_anchor(self, item: str, now: Mapping[str, int], behind: tuple[str, ...]) -> bool:
        if self.is_anchor(item) and now[item] != DOWN:
            return True
        return any(
            self.path_to_anchor(other, now, (*behind, item))
            for other in self.beside(item)
            if self.is_device(other) and now[other] != DOWN and other not in behind
        )

    def network_state(self, item: str, now: Mapping[str, int]) -> int:
        if not self.beside(item) or not self.is_connected(item, dict.fromkeys(self.items, UP)):
            return UP
        if not self.is_connected(item, now):
            return DOWN
        devices = [other for other in self.beside(item) if self.is_device(other)]
        several = len(devices) > 1 and not self.is_device(item)
        return AT_RISK if several and any(now[device] == DOWN for device in devices) else UP
