"""Who calls: the name that a token stands for, or that a trusted caller gives."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from cmdb.errors import InvalidInput
from cmdb.records.actor import Actor
from cmdb.server.access import ACTOR

HEADER = "cmdb-actor"
"""The header in which a caller that is trusted says for whom it acts."""
NOBODY = "api"
MOST = 200
"""Characters of a name at most."""


def actor_of(connection: HTTPConnection) -> Actor:
    """The actor of a request, with the address that it comes from.

    A token of somebody's own says who they are. Where all share one token, or none is needed, the
    caller is believed: the header ``Cmdb-Actor`` names whom it acts for. Raises
    :class:`~cmdb.errors.InvalidInput` for a name that nobody can have.
    """
    known = connection.scope.get(ACTOR)
    address = connection.client.host if connection.client else None
    if isinstance(known, str):
        return Actor(known, address)
    given = connection.headers.get(HEADER, NOBODY).strip()
    if not given or len(given) > MOST or not given.isprintable():
        raise InvalidInput(f"The header Cmdb-Actor must be a name of at most {MOST} characters.")
    return Actor(given, address)
