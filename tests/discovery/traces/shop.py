"""A small shop that is traced by the real SDK: five services, a database, a queue, and a payment
provider that is not traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import (
    Link,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)

SECRET = "t0p-s3cret-pa55"
HOST = {"host.name": "app1.shop.example", "host.id": "0c0f2a9d5d4b4a0e8f5f0a3c2b1d4e5f"}
POSTGRES = {
    "db.system.name": "postgresql",
    "db.namespace": "orders",
    "server.address": "db.shop.internal",
    "network.peer.address": "10.0.0.5",
    "db.query.text": f"select '{SECRET}'",
    "db.statement": f"select '{SECRET}'",
}
QUEUE = {"messaging.system": "kafka", "messaging.destination.name": "placed-orders"}
PAYMENT = {
    "server.address": "api.payments.example.com",
    "server.port": 443,
    "url.full": f"https://ada:{SECRET}@api.payments.example.com/pay?token={SECRET}",
    "http.request.header.authorization": (f"Bearer {SECRET}",),
}


class Collected(SpanExporter):
    """Keeps what the SDK exports."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


class Shop:
    """The shop. ``exporter`` gets every span as it ends; orders fail where ``broken``."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.providers: list[TracerProvider] = []
        self.web, self.cart, self.orders, self.shipping, self.stock = (
            self.service(name) for name in ("web", "cart", "orders", "shipping", "stock")
        )

    def service(self, name: str, **attributes: Any) -> Tracer:
        own = {"service.name": name, "service.namespace": "shop", "service.version": "1.2.0"}
        environment = {"deployment.environment.name": "production"}
        resource = Resource({**own, **environment, **HOST, **attributes})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.providers.append(provider)
        return provider.get_tracer("shop")

    def order(self, *, broken: bool = False) -> None:
        """One visitor orders something."""
        with span(self.web, "GET /", SpanKind.SERVER, None) as visit:
            with (
                span(self.web, "cart", SpanKind.CLIENT, visit) as call,
                span(self.cart, "cart", SpanKind.SERVER, call),
            ):
                pass
            with (
                span(self.web, "order", SpanKind.CLIENT, visit, broken=broken) as call,
                span(self.orders, "order", SpanKind.SERVER, call, broken=broken) as work,
            ):
                self._ordered(work)

    def _ordered(self, work: Context) -> None:
        with span(self.orders, "insert", SpanKind.CLIENT, work, POSTGRES):
            pass
        with span(self.orders, "pay", SpanKind.CLIENT, work, PAYMENT):
            pass
        operation = {"messaging.operation.type": "send"}
        with span(self.orders, "send", SpanKind.PRODUCER, work, {**QUEUE, **operation}) as sent:
            pass
        takes = {**QUEUE, "messaging.operation.type": "process"}
        with span(self.shipping, "process", SpanKind.CONSUMER, sent, takes):
            pass
        # In a trace of its own, as consumers of batches have it.
        with span(self.stock, "process", SpanKind.CONSUMER, None, takes, linked=sent):
            pass


@contextmanager
def span(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    parent: Context | None,
    attributes: dict[str, Any] | None = None,
    *,
    broken: bool = False,
    linked: Context | None = None,
) -> Any:
    """A span below another one; the value is the context for those below it."""
    links = [Link(get_current_span(linked).get_span_context())] if linked else []
    made = tracer.start_span(name, parent or Context(), kind, attributes or {}, links)
    if broken:
        made.set_status(Status(StatusCode.ERROR, f"password {SECRET}"))
    yield set_span_in_context(made)
    made.end()


def encoded(spans: Sequence[ReadableSpan]) -> bytes:
    """Spans as a request in protobuf, as the exporter makes it."""
    data: Callable[[], bytes] = encode_spans(spans).SerializeToString
    return data()
