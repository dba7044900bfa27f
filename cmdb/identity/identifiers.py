"""Identifiers: namespaced keys, brought to one written form.

An identifier is ``<namespace>:<value>``. Two spellings of one address must compare equal, so each
namespace names a rule that normalises its values; what no rule can read is no identifier.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from cmdb.catalogue import Catalogue
from cmdb.errors import InvalidInput, did_you_mean, nearest
from cmdb.identity.rules import NORMAL_FORMS

MAX_LENGTH = 1024
"""Characters. Longer keys don't fit the index of a store and are no identifiers anybody uses."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def split(identifier: str) -> tuple[str, str]:
    """The namespace and the value; the namespace is empty where there is no colon."""
    namespace, colon, value = identifier.partition(":")
    return (namespace, value) if colon else ("", identifier)


def namespace_of(identifier: str) -> str:
    """The part before the first colon."""
    return identifier.partition(":")[0]


@lru_cache(maxsize=8192)
def _normal(rule: str, value: str) -> str:
    return NORMAL_FORMS[rule](value)


def normalise(identifier: str, catalogue: Catalogue) -> str:
    """The one written form of an identifier.

    Raises :class:`~cmdb.errors.InvalidInput` with a sentence where the namespace is not declared,
    the value is empty or has control characters, or its rule can't read it.

    >>> from cmdb.catalogue import builtin
    >>> normalise("mac:52-54-00-AB-CD-EF", builtin())
    'mac:52:54:00:ab:cd:ef'
    >>> normalise("fqdn:Web1.Example.org.", builtin())
    'fqdn:web1.example.org'
    """
    namespace, value = split(identifier)
    declared = catalogue.namespaces.get(namespace)
    if declared is None:
        if not namespace:
            raise InvalidInput(
                f"{identifier!r} is no identifier; write <namespace>:<value>, "
                f"such as serial:4C1 or fqdn:web1.example.org."
            )
        hint = did_you_mean(nearest(namespace, catalogue.namespaces))
        raise InvalidInput(f"{namespace!r} in {identifier[:80]!r} is no identifier namespace{hint}")
    value = value.strip()
    if not value:
        raise InvalidInput(f"The identifier {identifier!r} has no value.")
    if len(value) > MAX_LENGTH or _CONTROL.search(value):
        raise InvalidInput(
            f"The identifier {identifier[:60]!r}… is longer than {MAX_LENGTH} characters "
            "or has control characters in it."
        )
    try:
        return f"{namespace}:{_normal(declared.normal, value)}"
    except ValueError as error:
        raise InvalidInput(str(error)) from None


def ip_identifier(address: str, scope: str = "default") -> str:
    """``ip:<scope>/<address>`` with the address in its shortest form.

    Raises ValueError where it is no address.
    """
    return f"ip:{scope}/{ipaddress.ip_address(address.partition('%')[0])}"
