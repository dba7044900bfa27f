"""The words that full-text search works on.

Both stores index and look up the words made here, so that the same search finds the same items in
each: an engine's own tokenizer, stop words or scoring never decide.
"""

from __future__ import annotations

import re
import unicodedata

from cmdb.items import Item

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_PART = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)


def words(text: str) -> list[str]:
    """The words of a text: runs of letters and digits, without case and accents, in order.

    >>> words("Web1.Example.org Zürich")
    ['web1', 'example', 'org', 'zurich']
    """
    return _WORD.findall(_folded(text))


def indexed_words(item: Item) -> str:
    """All words an item is found by, sorted, each once, joined by spaces.

    A word of letters and digits is also found by its later parts: ``web12`` by ``12``. An id is
    not: its parts are drawn by lot, and would be met by any short word. A value that is a JSON
    object is written by a program for a program, and no words are taken from it.
    """
    texts = [item.kind, item.name, *item.identifiers, *item.former_identifiers]
    for value in item.properties.values():
        if isinstance(value, str):
            if not (value.startswith("{") and value.endswith("}")):
                texts.append(value)
        elif isinstance(value, list):
            texts.extend(value)
    found = set(words(" ".join(texts)))
    for word in tuple(found):
        if not (word.isalpha() or word.isdecimal()):
            found.update(_PART.findall(word))
    found.update(words(item.id))
    return " ".join(sorted(found))


def sort_name(name: str) -> str:
    """What names are ordered by: without case and accents, the same in every store."""
    return _folded(name)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c))
