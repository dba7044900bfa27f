"""``/graphql``: documents by POST, and the explorer for a browser that goes there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from strawberry.types import ExecutionResult

from cmdb.server.access import wants_html
from cmdb.server.actor import actor_of
from cmdb.server.body import TooLarge, limited_body
from cmdb.service import Cmdb
from cmdb_graphql.context import Context
from cmdb_graphql.schema import Schema

MAX_BODY = 1024 * 1024
"""Bytes of a request."""

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
EXPLORER = Path(__file__).parent / "explorer"


class GraphQLRequest(msgspec.Struct, rename={"operation_name": "operationName"}):
    """What a client posts."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


_decoder = msgspec.json.Decoder(GraphQLRequest)


def graphql_routes(cmdb: Cmdb, schema: Schema, static: Path) -> list[Route]:
    """``/graphql`` and the explorer's files. ``static`` may have GraphiQL as ``graphiql.html``."""

    async def post(request: Request) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != JSON:
            return _refused(request, f"Send the query as {JSON}.", 415)
        try:
            asked = _decoder.decode(await limited_body(request, MAX_BODY))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            return _refused(request, f"The request is no GraphQL request: {error}.", 400)
        except TooLarge as error:
            return _refused(request, error.message, 413)
        result = await schema.execute(
            asked.query,
            variable_values=asked.variables,
            operation_name=asked.operation_name,
            context_value=Context(cmdb, actor_of(request)),
        )
        return _answer(request, result)

    async def get(request: Request) -> Response:
        if not wants_html(request.headers):
            answer = _refused(request, "Send the query by POST.", 405)
            answer.headers["allow"] = "POST"
            return answer
        graphiql = static / "graphiql.html"
        page = graphiql if graphiql.is_file() else EXPLORER / "index.html"
        return FileResponse(page, headers={"cache-control": "no-cache"})

    return [
        Route("/graphql", post, methods=["POST"]),
        Route("/graphql", get, methods=["GET"]),
        *(_file(name) for name in ("explorer.js", "explorer.css")),
    ]


def _file(name: str) -> Route:
    async def file(_: Request) -> Response:
        return FileResponse(EXPLORER / name, headers={"cache-control": "no-cache"})

    return Route(f"/graphql/{name}", file, methods=["GET"])


def _answer(request: Request, result: ExecutionResult, status: int | None = None) -> Response:
    """The result as JSON. What never ran is 400 for clients that speak the newer media type."""
    modern = GRAPHQL_JSON in request.headers.get("accept", "")
    errors = result.errors or []
    ran = result.data is not None or any(error.path for error in errors)
    body: dict[str, Any] = {"data": result.data} if ran else {}
    if errors:
        body["errors"] = [error.formatted for error in errors]
    return Response(
        msgspec.json.encode(body),
        status or (400 if modern and not ran else 200),
        media_type=GRAPHQL_JSON if modern else JSON,
    )


def _refused(request: Request, message: str, status: int) -> Response:
    error = GraphQLError(message, extensions={"code": "invalid_request"})
    return _answer(request, ExecutionResult(data=None, errors=[error]), status)
