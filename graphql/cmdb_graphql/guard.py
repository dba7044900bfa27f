"""What stands before every operation: limits, and a cache of documents that were checked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from graphql import GraphQLError, GraphQLSchema, specified_rules
from graphql.language import DocumentNode, parse
from graphql.validation.specified_rules import recommended_rules
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from cmdb_graphql import limits

CACHED_DOCUMENTS = 256
CACHED_CHARACTERS = 20_000
"""Longer documents are checked anew each time: the cache stays small whoever fills it."""

RULES = (*specified_rules, *recommended_rules)


class Guard(SchemaExtension):
    """Refuses what is too expensive, and parses and validates a document once."""

    def on_parse(self) -> Iterator[None]:
        """Parse, or take what was parsed before, and weigh it with its variables."""
        context = self.execution_context
        query = context.query
        if query is not None and context.graphql_document is None:
            context.graphql_document = document_of(query)
            limits.check(context.graphql_document, context.variables)
        yield

    def on_validate(self) -> Iterator[None]:
        """Validate, or take the verdict found before."""
        context = self.execution_context
        document = context.graphql_document
        if document is not None:
            schema = context.schema._schema
            size = len(context.query or "")
            check = _validated if size <= CACHED_CHARACTERS else _validated.__wrapped__
            context.pre_execution_errors = list(check(schema, document)) or None
        yield


def document_of(query: str) -> DocumentNode:
    """The document of a text. Raises GraphQLError for a syntax error or one beyond a limit."""
    if len(query) > limits.MAX_CHARACTERS:
        raise limits.too_expensive(
            f"The query has {len(query):,} characters; {limits.MAX_CHARACTERS:,} is the most."
        )
    return _parsed(query) if len(query) <= CACHED_CHARACTERS else _parse(query)


def _parse(query: str) -> DocumentNode:
    try:
        return parse(query, max_tokens=limits.MAX_TOKENS, no_location=False)
    except RecursionError:
        raise limits.too_expensive("The query is nested too deeply to be read.") from None


_parsed = lru_cache(CACHED_DOCUMENTS)(_parse)


@lru_cache(CACHED_DOCUMENTS)
def _validated(schema: GraphQLSchema, document: DocumentNode) -> tuple[GraphQLError, ...]:
    return tuple(validate_document(schema, document, RULES))
