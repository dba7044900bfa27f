"""The application: the database, the API around it, and the server around that.

Together with the command line this is the only place that sees everything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from cmdb.alerts.inbox import Inbox
from cmdb.alerts.receive import receive
from cmdb.alerts.rules import rules_in_force
from cmdb.alerts.worker import AlertWorker
from cmdb.discovering import (
    StoreSink,
    inferring,
    last_starts,
    scanner_defaults,
    store_traces,
    trace_receiver,
)
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
from cmdb.server.traces import trace_routes
from cmdb.server.webhooks import own_paths, webhook_routes
from cmdb.service import Cmdb
from cmdb.webhooks.endpoints import read_endpoints
from cmdb.webhooks.outbox import Outbox, outbox_path
from cmdb.webhooks.worker import WebhookWorker
from cmdb_graphql.endpoint import graphql_routes
from cmdb_graphql.schema import build_schema
from discovery.jobs import Job, read_jobs
from discovery.schedule import Discovery
from discovery.traces.receiver import TraceReceiver

__all__ = ["check_listen", "create_app", "serve"]

STATIC = Path(__file__).parent / "web_static"
"""Where the built web app is in an installation."""


def create_app(
    cmdb: Cmdb,
    *,
    token: str | None = None,
    static: Path | None = None,
    names: Collection[str] = (),
    on_alerts: Callable[[], None] | None = None,
    traces: TraceReceiver | None = None,
) -> Starlette:
    """The application that serves a database, which stays the caller's to close.

    With a ``token``, or tokens in the settings, every route but ``/healthz`` needs one of them.
    Without any only calls to loopback names (and ``names``) are answered. ``static`` is the folder
    of the built web app; ``on_alerts`` is called whenever alerts were stored; only with ``traces``
    is there a route that takes spans. Raises
    :class:`~cmdb.errors.InvalidCatalogue` where the catalogue can't be served, and
    :class:`~cmdb.errors.InvalidInput` for wrong rules for alerts.
    """
    rules = rules_in_force(cmdb.settings.alert_rules)
    inbox = Inbox(partial(receive, cmdb, rules), on_alerts)
    folder = static or STATIC
    guards = [Middleware(SecurityHeaders), Middleware(ErrorAnswers), Middleware(OriginCheck)]
    routes = [
        *health_routes(cmdb),
        *graphql_routes(cmdb, build_schema(cmdb.catalogue), folder),
        *observation_routes(cmdb),
        *webhook_routes(cmdb, inbox),
        *trace_routes(traces),
    ]
    named = {name: secret.get_secret_value() for name, secret in cmdb.settings.tokens.items()}
    if token or named:
        tokens = Tokens(token, named)
        guards.append(
            Middleware(Authentication, tokens=tokens, own=own_paths(cmdb.settings.alert_secrets))
        )
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
    check_listen(host, token or next(iter(settings.tokens), None))
    worker = AlertWorker(cmdb, rules_in_force(settings.alert_rules))
    jobs = read_jobs(settings.discovery) if settings.discovery is not None else ()
    traces = trace_receiver(settings)
    names = [host.strip("[]")]
    app = create_app(cmdb, token=token, names=names, on_alerts=worker.wake, traces=traces)
    cmdb.estates.warm_up()
    with _outbox(cmdb) as outgoing:
        work = [worker.run(), *(one.run() for one in outgoing)]
        if jobs:
            work.append(_discover(cmdb, jobs))
        if traces is not None:
            work.append(store_traces(cmdb, traces))
        async with _running(*work):
            await run_server(app, host, port, on_ready)


async def _discover(cmdb: Cmdb, jobs: tuple[Job, ...]) -> None:
    """Run the jobs when they are due, until cancelled."""
    sink = StoreSink(cmdb, on_load=inferring(cmdb))
    discovery = Discovery(jobs, sink, defaults=scanner_defaults(cmdb.settings))
    await discovery.run_scheduled(await last_starts(cmdb, jobs))


@contextmanager
def _outbox(cmdb: Cmdb) -> Iterator[list[WebhookWorker]]:
    """What tells others, where the settings name somebody to tell."""
    settings = cmdb.settings
    if settings.webhooks is None:
        yield []
        return
    endpoints = read_endpoints(settings.webhooks, cmdb.catalogue)
    with closing(Outbox(outbox_path(settings.state_folder, settings.store))) as outbox:
        yield [WebhookWorker(cmdb, endpoints, outbox)]


@asynccontextmanager
async def _running(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do this work in the background, and end it on leaving."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
