"""What environment variables and arguments lead to. Only names of hosts leave this module: the
values, which may hold secrets, are dropped here."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

Known = Collection[tuple[str, str]]
"""Services by namespace and name."""

_ADDRESS = re.compile(
    r"^(?P<scheme>[a-z][a-z0-9+.:-]*://)?(?:[^@/\s]*@)?(?P<hosts>[^/?;\s@]+)(?:[/?;].*)?$",
    re.DOTALL,
)
_HOST = re.compile(r"^(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(?P<port>[0-9]{1,5}))?$")
_HINT = re.compile(r"(HOST|ADDR|ADDRESS|SERVERS?|URLS?|URI|ENDPOINTS?|SERVICE|BROKERS?|DSN)\d*$")
_OUTER = re.compile(r"^(?:[a-z0-9-]+\.){2,}[a-z]{2,}$")
_INNER_ENDS = (".local", ".svc", ".localhost")
MAX_VALUE = 4096
"""Characters; what is longer is no address."""


class Named(NamedTuple):
    """A host that a value names; ``plain`` says that it stood alone, without scheme and port."""

    host: str
    plain: bool


def hosts_in(value: str) -> Iterator[Named]:
    """The hosts that a value names, if it is an address or a list of them.

    >>> list(hosts_in("postgres://shop:secret@db:5432/shop"))
    [Named(host='db', plain=False)]
    """
    if len(value) > MAX_VALUE or not (found := _ADDRESS.match(value.strip())):
        return
    for part in found["hosts"].split(","):
        if host := _HOST.match(part.strip()):
            yield Named(host["host"], not (found["scheme"] or host["port"]))


def service_of(host: str, namespace: str, known: Known) -> tuple[str, str] | None:
    """The service that a host name means inside of the cluster; None where it means none.

    >>> service_of("db.shop.svc.cluster.local", "web", {("shop", "db")})
    ('shop', 'db')
    """
    labels = host.partition(".svc")[0].split(".")
    # The first label may be the pod of a StatefulSet, behind a service without an address.
    for at in (0, 1):
        match labels[at:]:
            case [name] if (namespace, name) in known:
                return namespace, name
            case [name, space] if (space, name) in known:
                return space, name
            case _:
                continue
    return None


def is_outside(host: str) -> bool:
    """Whether a name is one that the whole network knows."""
    return bool(_OUTER.match(host)) and not host.endswith(_INNER_ENDS)


def is_hinted(variable: str) -> bool:
    """Whether the variable's name says that its value is an address.

    >>> is_hinted("DB_HOST"), is_hinted("DB_PASSWORD")
    (True, False)
    """
    return bool(_HINT.search(variable.upper()))


def arguments(words: Iterable[object]) -> Iterator[tuple[str, str]]:
    """The values of a command's options, each with the option's name."""
    for word in words:
        if isinstance(word, str) and word.startswith("-") and "=" in word:
            name, _, value = word.partition("=")
            yield name, value
        elif isinstance(word, str) and not word.startswith("-"):
            yield "an argument", word
