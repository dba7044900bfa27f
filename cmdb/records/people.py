"""Who somebody is: the Person that a signed-in name means, their teams and their roles."""

from __future__ import annotations

import msgspec

from cmdb.items import Item
from cmdb.store.port import Condition, ItemQuery, Store

_BY = ("properties.login", "properties.email", "name")


class Somebody(msgspec.Struct, frozen=True):
    """A name, with the Person that it means where there is one, and the ids of their teams."""

    name: str
    person: Item | None = None
    teams: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()

    def is_same(self, other: str | None) -> bool:
        """Whether ``other`` is a name of the same human being."""
        if other is None:
            return False
        names = {self.name.casefold()}
        if self.person is not None:
            names.add(self.person.name.casefold())
            for prop in ("login", "email"):
                value = self.person.properties.get(prop)
                if isinstance(value, str):
                    names.add(value.casefold())
        return other.casefold() in names


async def somebody(store: Store, name: str) -> Somebody:
    """Who that is: by login, then mail address, then name. Up to five reads."""
    for prop in _BY:
        page = await store.query(
            ItemQuery(kinds=("Person",), conditions=(Condition(prop, "eq", name),), limit=2)
        )
        if page.total == 1:
            person = page.items[0]
            links = await store.links([person.id], "out", ["BELONGS_TO"])
            roles = person.properties.get("roles")
            return Somebody(
                name,
                person,
                tuple(link.to_id for link in links),
                frozenset(roles) if isinstance(roles, list) else frozenset(),
            )
    return Somebody(name)
