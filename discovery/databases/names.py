"""How a database is known to every source that sees it."""

from __future__ import annotations


def database_name(endpoint: str, name: str) -> str:
    """The identifier of a database on the server that listens there.

    >>> database_name("endpoint:default/tcp/10.0.0.5:5432", "shop")
    'name:Database/default/tcp/10.0.0.5:5432/shop'
    """
    return f"name:Database/{endpoint.partition(':')[2]}/{name}"
