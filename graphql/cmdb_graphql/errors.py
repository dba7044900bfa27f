"""What GraphQL clients get to see of errors: our own as they are, all others masked."""

from __future__ import annotations

import logging

from graphql import GraphQLError

from cmdb.errors import CmdbError

log = logging.getLogger(__name__)

MASKED = "Something went wrong inside the server. The server's log says what."
INTERNAL = "internal"
INVALID_DOCUMENT = "invalid_document"
TOO_EXPENSIVE = "too_expensive"


def served(error: GraphQLError) -> GraphQLError:
    """The error with its code and data in ``extensions``. One not of ours is logged and masked.

    Errors found before execution (syntax, validation, limits) say what is wrong with the document.
    """
    original = _original(error)
    if isinstance(original, CmdbError):
        extensions = {"code": original.code, **original.data()}
        return _with(error, original.message, extensions)
    if error.path is None or original is None:
        return _with(error, error.message, {"code": INVALID_DOCUMENT, **(error.extensions or {})})
    log.error("A resolver failed at %s.", _where(error), exc_info=original)
    return _with(error, MASKED, {"code": INTERNAL})


def _original(error: GraphQLError) -> Exception | None:
    """The exception at the bottom; None where GraphQL itself found the fault."""
    found: Exception | None = error
    while isinstance(found, GraphQLError):
        found = found.original_error
    return found


def _with(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _where(error: GraphQLError) -> str:
    return ".".join(str(part) for part in error.path or ())
