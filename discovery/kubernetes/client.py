"""One API server, asked through the official client: lists page by page, bounded in every way."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.extra import required
from discovery.remote import BUSY, LONGEST_WAIT, retry_after

MAX_BODY = 64 * 2**20
"""Bytes of one answer; a page of 500 objects is far below."""
MAX_OBJECTS = 1_000_000
"""Objects of one list: a server that never ends is one that has lost its way."""
ATTEMPTS = 4
RESTARTS = 3
"""How often a list is begun again because its snapshot has expired (410 Gone)."""

_ODD = (ValueError, KeyError, TypeError, AttributeError)
"""What the client stumbles with over a kubeconfig of another shape."""


class Refused(Exception):
    """An answer that is none: its status, and what the server says of the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Server:
    """An API server by a context of the kubeconfig; without one by the current context, or by the
    account of the pod that this runs in.

    Raises :class:`~cmdb.errors.InvalidSettings` where there is no such context or no kubeconfig.
    ``name`` is what the kubeconfig calls the cluster.
    """

    def __init__(
        self, kubeconfig: str, context: str, timeout: float, page_size: int, pause: float = 0.5
    ) -> None:
        config = required("kubernetes.config", "kubernetes")
        client = required("kubernetes.client", "kubernetes")
        yaml = required("yaml", "kubernetes")
        self._timeout, self._page_size, self._pause = timeout, page_size, pause
        settings = client.Configuration()
        # What is worth another attempt is told below; the client would also follow elsewhere.
        settings.retries = False
        self.name = context
        try:
            if kubeconfig or context or not _in_a_pod():
                self.name = _cluster_of(config, kubeconfig, context)
                self._client = config.new_client_from_config(
                    config_file=kubeconfig or None,
                    context=context or None,
                    client_configuration=settings,
                    persist_config=False,
                )
            else:
                config.load_incluster_config(client_configuration=settings)
                self.name = "in-cluster"
                self._client = client.ApiClient(settings)
        except config.ConfigException as error:
            raise InvalidSettings(_unusable(kubeconfig, context, error)) from None
        except OSError as error:
            raise InvalidSettings(f"The kubeconfig can't be read: {error.strerror}.") from None
        except (yaml.YAMLError, UnicodeDecodeError, *_ODD):
            # What they say has parts of the file in it.
            raise InvalidSettings(
                f"The kubeconfig in {kubeconfig or 'the default place'} is none: is it the right "
                "file?"
            ) from None
        self.host = str(settings.host).partition("://")[2].rstrip("/")

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """The object at a path.

        Raises :class:`Refused` for a status that is no success, :class:`~cmdb.errors.\
RemoteUnavailable` where there is no answer in time, or one that is none.
        """
        status = 0
        for attempt in range(1, ATTEMPTS + 1):
            status, headers, body = self._once(path, query or {})
            if status in BUSY or status == 500:
                if attempt == ATTEMPTS:
                    break
                self._wait(attempt, headers.get("retry-after"))
                continue
            if status == 401:
                raise InvalidSettings(
                    f"{self.host} refuses the credentials (401): renew what the kubeconfig has."
                )
            if not 200 <= status < 300:
                raise Refused(status, _reason(status, body))
            return self._decoded(body, headers)
        raise RemoteUnavailable(f"{self.host} answered {status}, {ATTEMPTS} times in a row.")

    def pages(self, path: str) -> Iterator[list[Mapping[str, Any]]]:
        """The objects of a list, page by page; empty first where the list began anew.

        A list whose snapshot has expired is begun again: an empty page says that what came before
        is to be dropped.
        """
        for _ in range(RESTARTS + 1):
            try:
                yield from self._pages(path)
                return
            except Refused as refused:
                if refused.status != 410:
                    raise
                yield []
        raise RemoteUnavailable(
            f"{self.host} drops the list {path} before it is read ({RESTARTS + 1} times): set a "
            "larger page_size."
        )

    def _pages(self, path: str) -> Iterator[list[Mapping[str, Any]]]:
        query = {"limit": str(self._page_size)}
        seen: set[str] = set()
        count = 0
        while True:
            answer = self.read(path, query)
            items = answer.get("items")
            listed = items if isinstance(items, list) else []
            page: list[Mapping[str, Any]] = [i for i in listed if isinstance(i, dict)]
            count += len(page)
            if page:
                yield page
            metadata = answer.get("metadata")
            token = metadata.get("continue") if isinstance(metadata, dict) else None
            if not isinstance(token, str) or not token:
                return
            if token in seen or count > MAX_OBJECTS:
                raise RemoteUnavailable(f"{self.host} does not come to the end of {path}.")
            seen.add(token)
            query = {"limit": str(self._page_size), "continue": token}

    def _once(self, path: str, query: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        urllib3 = required("urllib3.exceptions", "kubernetes")
        exceptions = required("kubernetes.client.exceptions", "kubernetes")
        deadline = time.monotonic() + self._timeout
        call = self._client.param_serialize(
            "GET",
            path,
            query_params=list(query.items()),
            header_params={"Accept": "application/json"},
            auth_settings=["BearerToken"],
        )
        try:
            answer = self._client.call_api(*call, _request_timeout=self._timeout).response
            body = bytearray()
            # Whatever has come by now: a whole piece may come one byte at a time.
            while piece := answer.read1(2**18):
                body += piece
                if len(body) > MAX_BODY:
                    answer.close()
                    raise RemoteUnavailable(
                        f"{self.host} answered with more than {MAX_BODY // 2**20} MiB at once: set "
                        "a smaller page_size."
                    )
                if time.monotonic() > deadline:
                    answer.close()
                    raise RemoteUnavailable(
                        f"{self.host} did not end its answer within {self._timeout:.0f} seconds."
                    )
            answer.release_conn()
        except (urllib3.HTTPError, exceptions.ApiException, OSError) as error:
            raise RemoteUnavailable(f"{self.host} can't be reached: {_said(error)}.") from None
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, bytes(body)

    def _decoded(self, body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            found = None
        if not isinstance(found, dict):
            kind = headers.get("content-type", "of no type").partition(";")[0][:60]
            raise RemoteUnavailable(
                f"{self.host} answered with something that is no JSON object ({kind}): is it the "
                "API server of a cluster?"
            )
        return found

    def _wait(self, attempt: int, asked: str | None) -> None:
        seconds = retry_after(asked)
        if seconds is None:
            seconds = self._pause * 2 ** (attempt - 1) * (0.5 + 0.5 * random.random())
        if seconds > LONGEST_WAIT:
            raise RemoteUnavailable(
                f"{self.host} is busy and asks to be left alone for {seconds:.0f} seconds: run it "
                "again later."
            )
        time.sleep(seconds)


def _in_a_pod() -> bool:
    import os

    if os.environ.get("KUBECONFIG") or os.path.exists(os.path.expanduser("~/.kube/config")):
        return False
    return "KUBERNETES_SERVICE_HOST" in os.environ


def _cluster_of(config: Any, kubeconfig: str, context: str) -> str:
    """What the kubeconfig calls the cluster of a context."""
    contexts, current = config.list_kube_config_contexts(config_file=kubeconfig or None)
    for entry in (*contexts, current):
        if entry["name"] == (context or current["name"]):
            return str(entry["context"].get("cluster") or entry["name"])
    names = ", ".join(str(entry["name"]) for entry in contexts)
    raise InvalidInput(f"The kubeconfig has no context {context!r}; it has {names}.")


def _unusable(kubeconfig: str, context: str, error: Exception) -> str:
    where = kubeconfig or "the default place"
    about = f", context {context}" if context else ""
    first = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
    return f"The kubeconfig in {where}{about} can't be used: {first[:200]}."


def _reason(status: int, body: bytes) -> str:
    """What the server says of a refusal, if it speaks as API servers do."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        found = None
    said = found.get("message") if isinstance(found, dict) else None
    return f"{status} {said[:200]}" if isinstance(said, str) and said else str(status)


def _said(error: Exception) -> str:
    inner = getattr(error, "reason", None)
    text = str(inner if isinstance(inner, Exception) else error) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not one that the kubeconfig trusts"
    if "timed out" in text:
        return "it does not answer in time"
    return text.splitlines()[0].rpartition(": ")[2][:160]
