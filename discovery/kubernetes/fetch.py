"""Reading clusters: every list that the scanner understands, each part on its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from cmdb.errors import CmdbError, InvalidSettings, RemoteUnavailable
from discovery.kubernetes import KubernetesSettings
from discovery.kubernetes.client import Refused, Server
from discovery.kubernetes.payload import KubernetesPayload, Thing, gathered
from discovery.kubernetes.reading import Reader
from discovery.references import Known
from discovery.scanner import Failure
from discovery.tree import text


class Part(NamedTuple):
    """A list of the API: the paths where it may be, the newest first, and the kind in it.

    ``optional``: a cluster may well not have it.
    """

    name: str
    kind: str
    paths: tuple[str, ...]
    namespaced: bool = True
    optional: bool = False


SERVICES = Part("services", "Service", ("/api/v1",))
_GATEWAYS = ("/apis/gateway.networking.k8s.io/v1", "/apis/gateway.networking.k8s.io/v1beta1")
_EARLY = ("/apis/gateway.networking.k8s.io/v1", "/apis/gateway.networking.k8s.io/v1alpha2")
PARTS = (
    Part("namespaces", "Namespace", ("/api/v1",), namespaced=False),
    Part("nodes", "Node", ("/api/v1",), namespaced=False),
    Part("persistentvolumes", "PersistentVolume", ("/api/v1",), namespaced=False),
    Part("persistentvolumeclaims", "PersistentVolumeClaim", ("/api/v1",)),
    Part("pods", "Pod", ("/api/v1",)),
    Part("replicationcontrollers", "ReplicationController", ("/api/v1",)),
    Part("deployments", "Deployment", ("/apis/apps/v1",)),
    Part("statefulsets", "StatefulSet", ("/apis/apps/v1",)),
    Part("daemonsets", "DaemonSet", ("/apis/apps/v1",)),
    Part("replicasets", "ReplicaSet", ("/apis/apps/v1",)),
    Part("jobs", "Job", ("/apis/batch/v1",)),
    Part("cronjobs", "CronJob", ("/apis/batch/v1", "/apis/batch/v1beta1")),
    Part(
        "poddisruptionbudgets", "PodDisruptionBudget", ("/apis/policy/v1", "/apis/policy/v1beta1")
    ),
    Part(
        "ingresses",
        "Ingress",
        ("/apis/networking.k8s.io/v1", "/apis/networking.k8s.io/v1beta1"),
    ),
    Part("gateways", "Gateway", _GATEWAYS, optional=True),
    Part("httproutes", "HTTPRoute", _GATEWAYS, optional=True),
    Part("grpcroutes", "GRPCRoute", _EARLY, optional=True),
    Part("tlsroutes", "TLSRoute", _EARLY, optional=True),
    Part("tcproutes", "TCPRoute", _EARLY, optional=True),
    Part("udproutes", "UDPRoute", _EARLY, optional=True),
)
SLICES = Part(
    "endpointslices",
    "EndpointSlice",
    ("/apis/discovery.k8s.io/v1", "/apis/discovery.k8s.io/v1beta1"),
    optional=True,
)
ENDPOINTS = Part("endpoints", "Endpoints", ("/api/v1",))


async def fetch(
    settings: KubernetesSettings, targets: Sequence[str]
) -> AsyncIterator[KubernetesPayload | Failure]:
    """One payload for each context, and a failure for every list that can't be read.

    Raises the error of a context that can't be read at all, where it is the only one.
    """
    contexts = list(dict.fromkeys(targets)) or [""]
    for context in contexts:
        try:
            server = await asyncio.to_thread(
                Server, settings.kubeconfig, context, settings.timeout, settings.page_size
            )
            failures: list[Failure] = []
            payload = await _cluster(server, settings, failures)
        except CmdbError as error:
            if len(contexts) == 1:
                raise
            yield Failure(f"{context}: {error.message}", hides_links=True)
            continue
        for failure in failures:
            yield failure
        yield payload


async def _cluster(
    server: Server, settings: KubernetesSettings, failures: list[Failure]
) -> KubernetesPayload:
    uid = settings.cluster_id or await _uid(server)
    version = await _version(server)
    reader = Reader(settings.owner_labels, ())
    free = asyncio.Semaphore(settings.at_once)
    services = await _part(server, SERVICES, settings, reader, free, failures)
    known: Known = {(s.meta.namespace, s.meta.name) for s in gathered(services).services}
    reader = Reader(settings.owner_labels, known)
    found = await asyncio.gather(
        _endpoints(server, settings, reader, free, failures),
        *(_part(server, part, settings, reader, free, failures) for part in PARTS),
    )
    spaces = ",".join(sorted(settings.namespaces))
    return KubernetesPayload(
        scope=f"cluster/{uid}/{spaces}" if spaces else f"cluster/{uid}",
        uid=uid,
        name=server.name,
        version=version,
        objects=gathered([*services, *(thing for part in found for thing in part)]),
        full=not failures,
    )


async def _uid(server: Server) -> str:
    """The uid of the namespace that every cluster has, and that can't be made anew."""
    try:
        found = await asyncio.to_thread(server.read, "/api/v1/namespaces/kube-system")
    except Refused as refused:
        if refused.status == 404:
            raise RemoteUnavailable(
                f"{server.host} has no namespace kube-system: is it the API server of a cluster?"
            ) from None
        raise InvalidSettings(
            f"{server.host} does not let the account get the namespace kube-system "
            f"({refused.reason}), whose uid identifies the cluster: allow it, or set cluster_id to "
            "that uid."
        ) from None
    if uid := text(found, "metadata", "uid"):
        return uid
    raise RemoteUnavailable(
        f"{server.host} does not answer as an API server does: kube-system has no uid."
    )


async def _version(server: Server) -> str:
    try:
        return text(await asyncio.to_thread(server.read, "/version"), "gitVersion").lstrip("v")
    except (Refused, RemoteUnavailable):
        return ""


async def _endpoints(
    server: Server,
    settings: KubernetesSettings,
    reader: Reader,
    free: asyncio.Semaphore,
    failures: list[Failure],
) -> list[Thing]:
    """What is behind the services, as slices or, in clusters without them, as one list."""
    missing: list[Failure] = []
    found = await _part(server, SLICES, settings, reader, free, missing)
    if found:
        failures += missing
        return found
    return await _part(server, ENDPOINTS, settings, reader, free, failures)


async def _part(
    server: Server,
    part: Part,
    settings: KubernetesSettings,
    reader: Reader,
    free: asyncio.Semaphore,
    failures: list[Failure],
) -> list[Thing]:
    """What one list has; where it can't be read, a failure that names it is added."""
    spaces: Sequence[str] = settings.namespaces if part.namespaced else ()
    found: list[Thing] = []
    for space in spaces or ("",):
        middle = f"/namespaces/{space}" if space else ""
        async with free:
            try:
                found += await asyncio.to_thread(_listed, server, part, middle, reader)
            except Refused as refused:
                where = f" in the namespace {space}" if space else ""
                said = (
                    f"the account may not list them{where} (403)"
                    if refused.status == 403
                    else f"the server answered {refused.reason}"
                )
                failures.append(Failure(f"{server.name}, {part.name}: {said}.", hides_links=True))
                break
            except RemoteUnavailable as error:
                failures.append(
                    Failure(f"{server.name}, {part.name}: {error.message}", hides_links=True)
                )
                break
    return found


def _listed(server: Server, part: Part, middle: str, reader: Reader) -> list[Thing]:
    """The things of a list by the first of its paths that the server has."""
    for at, path in enumerate(part.paths):
        found: list[Thing] = []
        try:
            for page in server.pages(f"{path}{middle}/{part.name}"):
                if not page:
                    found.clear()
                things = (reader.read(entry, part.kind) for entry in page)
                found += [thing for thing in things if thing is not None]
            return found
        except Refused as refused:
            last = at == len(part.paths) - 1
            if refused.status != 404 or (last and not part.optional):
                raise
    return []
