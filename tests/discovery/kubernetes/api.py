"""A small API server over real HTTPS: lists by pages, tokens, refusals, and lists that expire."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme
import yaml

TOKEN = "planted-token-hunter2"
UID = "6b1e1a0c-5a0e-4f7e-9b8e-000000000001"

PATHS = {
    "Namespace": "/api/v1/namespaces",
    "Node": "/api/v1/nodes",
    "Pod": "/api/v1/pods",
    "Service": "/api/v1/services",
    "Endpoints": "/api/v1/endpoints",
    "ReplicationController": "/api/v1/replicationcontrollers",
    "PersistentVolume": "/api/v1/persistentvolumes",
    "PersistentVolumeClaim": "/api/v1/persistentvolumeclaims",
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "Job": "/apis/batch/v1/jobs",
    "CronJob": "/apis/batch/v1/cronjobs",
    "PodDisruptionBudget": "/apis/policy/v1/poddisruptionbudgets",
    "Ingress": "/apis/networking.k8s.io/v1/ingresses",
}
OPTIONAL = {
    "EndpointSlice": "/apis/discovery.k8s.io/v1/endpointslices",
    "Gateway": "/apis/gateway.networking.k8s.io/v1/gateways",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/httproutes",
}


@dataclass
class Api:
    """What the server has, and how it behaves; ``asked`` are the requests that came."""

    lists: dict[str, list[Mapping[str, Any]]]
    forbidden: set[str] = field(default_factory=set)
    expires: set[str] = field(default_factory=set)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, objects: Sequence[Mapping[str, Any]]) -> Api:
        lists: dict[str, list[Mapping[str, Any]]] = {path: [] for path in PATHS.values()}
        for found in objects:
            path = {**PATHS, **OPTIONAL}.get(str(found["kind"]))
            if path:
                # The items of a list do not say their kind.
                bare = {k: v for k, v in found.items() if k not in ("kind", "apiVersion")}
                lists.setdefault(path, []).append(bare)
        return cls(lists)

    def answer(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        path = parts.path
        self.asked.append(path)
        if path in self.answers:
            status, body = self.answers[path]
            return status, body
        if path in self.forbidden:
            return 403, {"kind": "Status", "message": "it is forbidden"}
        if path == "/version":
            return 200, {"gitVersion": "v1.31.2"}
        if path == "/api/v1/namespaces/kube-system":
            return 200, {"metadata": {"name": "kube-system", "uid": UID}}
        space = ""
        if "/namespaces/" in path:
            before, _, rest = path.partition("/namespaces/")
            space, _, name = rest.partition("/")
            path = f"{before}/{name}"
        if path not in self.lists:
            return 404, {"kind": "Status", "message": "the server could not find it"}
        found = [o for o in self.lists[path] if not space or o["metadata"]["namespace"] == space]
        return self._page(path, found, query)

    def _page(
        self, path: str, found: list[Mapping[str, Any]], query: Mapping[str, str]
    ) -> tuple[int, Any]:
        start = int(query.get("continue", "0"))
        if start and path in self.expires:
            self.expires.discard(path)
            return 410, {"kind": "Status", "message": "The provided continue parameter is too old"}
        end = start + int(query.get("limit", "1000"))
        metadata = {"continue": str(end)} if end < len(found) else {}
        return 200, {"metadata": metadata, "items": found[start:end]}


@contextmanager
def serving_api(api: Api, folder: Path) -> Iterator[str]:
    """Serve; the value is the path of a kubeconfig with two contexts: shop and other."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status: int = 401
            body: Any = {}
            if self.headers.get("authorization") == f"Bearer {TOKEN}":
                status, body = api.answer(self.path)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base's
            """Says nothing."""

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        config = folder / "kubeconfig"
        config.write_text(yaml.safe_dump(_config(server.server_address[1], folder / "ca.pem")))
        try:
            yield str(config)
        finally:
            server.shutdown()
            thread.join()


def _config(port: int, authority: Path) -> dict[str, Any]:
    address = f"https://127.0.0.1:{port}"
    cluster = {"server": address, "certificate-authority": str(authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "shop",
        "clusters": [
            {"name": "shop-cluster", "cluster": cluster},
            {"name": "strangers", "cluster": {"server": address}},
        ],
        "users": [
            {"name": "reader", "user": {"token": TOKEN}},
            {"name": "nobody", "user": {"token": "no"}},
        ],
        "contexts": [
            {"name": "shop", "context": {"cluster": "shop-cluster", "user": "reader"}},
            {"name": "refused", "context": {"cluster": "shop-cluster", "user": "nobody"}},
            {"name": "untrusted", "context": {"cluster": "strangers", "user": "reader"}},
        ],
    }
