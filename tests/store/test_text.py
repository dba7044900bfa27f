from __future__ import annotations

from cmdb.items import Item, ItemStatus
from cmdb.store.text import indexed_words


def test_what_programs_wrote_for_programs_is_not_searched() -> None:
    item = Item(
        "06h1958e2r0009fnjmb4zy54qv",
        "Incident",
        "INC0000001",
        ItemStatus.ACTIVE,
        properties={"analysis": '{"services": ["webshop"]}', "short_description": "Till {3} broke"},
    )
    found = indexed_words(item).split()
    assert "webshop" not in found
    assert {"till", "3", "broke"} <= set(found)
