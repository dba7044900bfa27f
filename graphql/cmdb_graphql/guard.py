"""What stands before every operation: limits, and a cache of documents that were checked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from graphql import GraphQLError, GraphQLSchema, GraphQLSyntaxError, specified_rules
from graphql.language import DocumentNode, OperationDefinitionNode, parse
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
            _check_name(context.graphql_document, context._provided_operation_name)
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


def _check_name(document: DocumentNode, name: str | None) -> None:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        raise GraphQLError(
            f"The document has {len(operations)} operations; say which one to run in operationName."
        )


def document_of(query: str) -> DocumentNode:
    """The document of a text. Raises GraphQLError for a syntax error or one beyond a limit."""
    if len(query) > limits.MAX_CHARACTERS:
        raise limits.too_expensive(
            f"The query has {len(query):,} characters; {limits.MAX_CHARACTERS:,} is the most."
        )
    return _parsed(query) if len(query) <= CACHED_CHARACTERS else _parse(query)


def _parse(query: str) -> DocumentNode:
    try:
        return parse(query, max_tokens=limits.MAX_TOKENS)
    except GraphQLSyntaxError as error:
        if "Parsing aborted" not in error.message:
            raise
        raise limits.too_expensive(
            f"The query is nested too deeply to be read, or has more than {limits.MAX_TOKENS:,} "
            "words and signs."
        ) from None


_parsed = lru_cache(CACHED_DOCUMENTS)(_parse)


@lru_cache(CACHED_DOCUMENTS)
def _validated(schema: GraphQLSchema, document: DocumentNode) -> tuple[GraphQLError, ...]:
    return tuple(validate_document(schema, document, RULES))
