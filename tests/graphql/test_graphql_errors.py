"""Errors: every class of ours is served with its code and data, and nothing else gets out."""

from __future__ import annotations

import logging

import pytest
from graphql import GraphQLError

from cmdb import errors
from cmdb.errors import CmdbError, Problem
from cmdb.service import Cmdb
from cmdb_graphql.context import Context
from cmdb_graphql.errors import MASKED, served
from cmdb_graphql.schema import Schema

PROBLEMS = [Problem("is wrong", "a.jsonl", 3, "item.kind")]
EXAMPLES: dict[type[CmdbError], CmdbError] = {
    CmdbError: CmdbError("It failed."),
    errors.InvalidInput: errors.InvalidInput("It is wrong.", PROBLEMS, 7),
    errors.InvalidCatalogue: errors.InvalidCatalogue("It is wrong.", PROBLEMS),
    errors.UnknownKind: errors.UnknownKind("Sever", ["Server"]),
    errors.UnknownRelation: errors.UnknownRelation("RUN_ON", ["RUNS_ON"]),
    errors.UnknownItem: errors.UnknownItem("web", ["web1"]),
    errors.AmbiguousItem: errors.AmbiguousItem("web", [("1", "Server", "web")]),
    errors.UnknownRevision: errors.UnknownRevision("There is no revision 9."),
    errors.InvalidSettings: errors.InvalidSettings("It is wrong."),
    errors.Refused: errors.Refused("No."),
    errors.IllegalTransition: errors.IllegalTransition("No way.", "new", "closed", ["resolved"]),
    errors.RecordChanged: errors.RecordChanged("It moved.", 7, [("state", "new", "closed")]),
    errors.Unauthorised: errors.Unauthorised("Who are you?"),
    errors.PartialResult: errors.PartialResult("Some failed.", ["one"]),
    errors.StoreError: errors.StoreError("It failed."),
    errors.StoreUnavailable: errors.StoreUnavailable("It can't be reached."),
    errors.StoreTooNew: errors.StoreTooNew("here", 9, 1),
    errors.StoreDamaged: errors.StoreDamaged("It is broken."),
    errors.WriteConflict: errors.WriteConflict("Another was first."),
    errors.RemoteUnavailable: errors.RemoteUnavailable("It can't be reached."),
}


def tree(cls: type[CmdbError]) -> set[type[CmdbError]]:
    """A class and all below it that users meet."""
    below = {d for sub in cls.__subclasses__() for d in tree(sub)}
    return below | (set() if cls.__name__.startswith("_") else {cls})


def test_there_is_an_example_of_every_class() -> None:
    assert EXAMPLES.keys() == {c for c in tree(CmdbError) if c.__module__ == errors.__name__}
    assert len({cls.code for cls in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("cls", EXAMPLES, ids=lambda cls: cls.__name__)
async def test_an_error_of_ours_is_served_as_it_is(
    cmdb: Cmdb, schema: Schema, cls: type[CmdbError], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = EXAMPLES[cls]

    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cmdb.store, "info", fail)
    result = await schema.execute("{ info { revision } }", context_value=Context(cmdb))
    assert result.errors is not None
    (shown,) = result.errors
    assert shown.message == error.message
    assert shown.extensions == {"code": cls.code, **error.data()}
    assert shown.path == ["info"]


async def test_any_other_error_is_masked_and_logged_without_the_variables(
    cmdb: Cmdb, schema: Schema, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(cmdb.store, "query", fail)
    query = "query($key: String!) { item(key: $key) { id } }"
    with caplog.at_level(logging.DEBUG):
        result = await schema.execute(query, {"key": "s3cret"}, Context(cmdb))
    assert result.errors is not None
    (shown,) = result.errors
    assert shown.message == MASKED
    assert shown.extensions == {"code": "internal"}
    assert "the cause" not in str(shown.formatted)
    (record,) = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert "the cause" in caplog.text
    assert "s3cret" not in caplog.text


def test_errors_of_a_document_keep_their_words() -> None:
    shown = served(GraphQLError("Syntax Error: odd.", extensions={"code": "too_expensive"}))
    assert shown.message == "Syntax Error: odd."
    assert shown.extensions == {"code": "too_expensive"}
