"""From manifests to observations. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from discovery.kubernetes.report import observations_of
from discovery.kubernetes.view import View
from discovery.manifests import ManifestsPayload, ManifestsSettings
from discovery.observer import Observer
from discovery.scanner import Parsed

DECLARED = 0.6
"""Confidence of what is declared: nobody has seen that it is so."""


def parse(payload: ManifestsPayload, settings: ManifestsSettings, time: datetime) -> Parsed:
    """Everything that the manifests declare, items before links. Their files are the scope."""
    view = View(
        Observer("manifests", time, payload.scope, DECLARED),
        settings.cluster or payload.scope.partition("/")[2],
        settings.cluster,
    )
    return Parsed(
        scope=payload.scope,
        observations=observations_of(payload.objects, view),
        full=True,
        notes=tuple(_notes(payload)),
    )


def _notes(payload: ManifestsPayload) -> Iterator[str]:
    if payload.unknown:
        listed = ", ".join(f"{n} {kind}" for kind, n in sorted(payload.unknown.items()))
        yield f"Objects of these kinds are not made into items: {listed}."
    if payload.passed_over:
        yield f"Documents that are no manifests were passed over: {payload.passed_over}."
