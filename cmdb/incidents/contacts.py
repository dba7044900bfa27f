"""Whom to call: who supports and who owns what is to blame, then what is hit."""

from __future__ import annotations

from collections.abc import Sequence

from cmdb.incidents.view import Contact
from cmdb.items import Item
from cmdb.service import Cmdb

MOST = 8
_RELATIONS = ("SUPPORTED_BY", "OWNED_BY")
_SAID = {"SUPPORTED_BY": "supports", "OWNED_BY": "owns"}


async def contacts(
    cmdb: Cmdb, blamed: Sequence[str], affected: Sequence[str], services: Sequence[str]
) -> tuple[Contact, ...]:
    """Teams and people to call, each once, the first first: those of the likely cause, then of the
    affected items, then of the services hit; support before owners. Two reads."""
    ranked = dict.fromkeys((*blamed, *affected, *services))
    links = await cmdb.store.links(ranked, "out", _RELATIONS)
    items = await cmdb.store.items({*ranked, *(link.to_id for link in links)})
    order = {item: number for number, item in enumerate(ranked)}
    links = sorted(links, key=lambda k: (order[k.from_id], _RELATIONS.index(k.relation), k.id))
    found: dict[str, Contact] = {}
    for link in links:
        if link.to_id in items and link.to_id not in found:
            about = items[link.from_id]
            role = _role(link.from_id, blamed, affected)
            why = f"{_SAID[link.relation]} {about.kind} {about.name}, {role}"
            found[link.to_id] = _contact(items[link.to_id], why)
    return tuple(found.values())[:MOST]


def _role(item: str, blamed: Sequence[str], affected: Sequence[str]) -> str:
    if item in blamed:
        return "the likeliest cause"
    return "which is affected" if item in affected else "which is hit"


def _contact(item: Item, why: str) -> Contact:
    def text(name: str) -> str | None:
        value = item.properties.get(name)
        return value if isinstance(value, str) else None

    return Contact(
        id=item.id,
        kind=item.kind,
        name=item.name,
        email=text("email"),
        phone=text("phone"),
        on_call=text("on_call"),
        escalation=text("escalation"),
        why=why,
    )
