"""The application: the database, the API around it, and the server around that.

Together with the command line this is the only place that sees everything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from cmdb.server.access import (
    LOOPBACK_NAMES,
    Authentication,
    HostCheck,
    OriginCheck,
    Tokens,
)
from cmdb.server.answers import ErrorAnswers
from cmdb.server.headers import SecurityHeaders
from cmdb.server.health import health_routes
from cmdb.server.listen import check_listen, run_server
from cmdb.server.login import login_routes
from cmdb.server.observations import observation_routes
from cmdb.server.pages import WebApp
from cmdb.service import Cmdb
from cmdb_graphql.endpoint import graphql_routes
from cmdb_graphql.schema import build_schema

__all__ = ["check_listen", "create_app", "serve"]

STATIC = Path(__file__).parent / "web_static"
"""Where the built web app is in an installation."""


def create_app(
    cmdb: Cmdb,
    *,
    token: str | None = None,
    static: Path | None = None,
    names: Collection[str] = (),
) -> Starlette:
    """The application that serves a database, which stays the caller's to close.

    With a ``token`` every route but ``/healthz`` needs it. Without one only calls to loopback names
    (and ``names``) are answered. ``static`` is the folder of the built web app. Raises
    :class:`~cmdb.errors.InvalidCatalogue` where the catalogue can't be served.
    """
    folder = static or STATIC
    guards = [Middleware(SecurityHeaders), Middleware(ErrorAnswers), Middleware(OriginCheck)]
    routes = [
        *health_routes(cmdb),
        *graphql_routes(cmdb, build_schema(cmdb.catalogue), folder),
        *observation_routes(cmdb),
    ]
    if token:
        tokens = Tokens(token)
        guards.append(Middleware(Authentication, tokens=tokens))
        routes += login_routes(tokens)
    else:
        guards.append(Middleware(HostCheck, names=LOOPBACK_NAMES | frozenset(names)))
    return Starlette(routes=[*routes, Mount("/", WebApp(folder))], middleware=guards)


async def serve(
    cmdb: Cmdb,
    *,
    host: str | None = None,
    port: int | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a database until SIGINT or SIGTERM, where its settings say unless told.

    ``on_ready`` gets the real address (port 0 takes a free one) as soon as it answers. Raises
    :class:`~cmdb.errors.InvalidSettings` for an address that others reach while no token is set,
    or that can't be listened on.
    """
    settings = cmdb.settings
    host = settings.host if host is None else host
    port = settings.port if port is None else port
    token = settings.secret("token")
    check_listen(host, token)
    app = create_app(cmdb, token=token, names=[host.strip("[]")])
    cmdb.estates.warm_up()
    await run_server(app, host, port, on_ready)
