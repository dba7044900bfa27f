"""One engine, asked through Docker's own client; answers are bounded in time and size."""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cmdb.errors import InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.address import LOOPBACK, bare
from discovery.docker import DockerSettings
from discovery.extra import required

MAX_BODY = 64 * 2**20
"""Bytes of one answer."""
USUAL = "unix:///var/run/docker.sock"


class Missing(Exception):
    """What was asked for is not there, or not any more."""


class Client:
    """An engine by its address; see the manifest for what that may be.

    Raises :class:`~cmdb.errors.InvalidInput` where it is no address, and
    :class:`~cmdb.errors.InvalidSettings` where the files of TLS can't be used.
    """

    def __init__(self, address: str, settings: DockerSettings) -> None:
        docker = required("docker", "docker")
        self.address = address or os.environ.get("DOCKER_HOST", "") or USUAL
        self._timeout = settings.timeout
        parts = _checked(self.address)
        self.is_local = parts.scheme in ("unix", "http+unix")
        self.host = "" if self.is_local else parts.hostname or ""
        if self.is_local:
            self._check_socket(parts.path)
        try:
            self._client = docker.APIClient(
                base_url=self.address,
                # Paths are asked for without a version: every engine then answers in its own.
                version="1.41",
                timeout=settings.timeout,
                tls=_tls(docker, settings),
                max_pool_size=settings.at_once,
            )
        except docker.errors.DockerException as error:
            raise InvalidInput(f"{self.address} can't be used: {_plain(error)}.") from None
        if self.host in LOOPBACK:
            self._client.trust_env = False
        # The client's own settings may name proxies and credentials of registries: none is sent.
        self._client.headers.pop("X-Registry-Auth", None)

    def _check_socket(self, path: str) -> None:
        """Says what is wrong with the socket before the client fails with less of a sentence."""
        try:
            os.stat(path)
        except PermissionError:
            raise RemoteUnavailable(self._closed()) from None
        except OSError:
            raise RemoteUnavailable(
                f"There is no socket at {path}: is the engine running?"
            ) from None
        if not os.access(path, os.W_OK):
            raise RemoteUnavailable(self._closed())

    def close(self) -> None:
        """Closes what is open."""
        self._client.close()

    def read(self, path: str) -> Any:
        """The JSON at a path.

        Raises :class:`Missing` where there is none, and
        :class:`~cmdb.errors.RemoteUnavailable` where there is no answer, or one that is no JSON.
        """
        requests = required("requests", "docker")
        urllib3 = required("urllib3.exceptions", "docker")
        try:
            status, body = self._body(path)
        except PermissionError:
            raise RemoteUnavailable(self._closed()) from None
        except (requests.RequestException, urllib3.HTTPError, OSError) as error:
            said = _plain(error)
            if "Permission denied" in said:
                raise RemoteUnavailable(self._closed()) from None
            raise RemoteUnavailable(f"{self.address} can't be reached: {said}.") from None
        if status == 404:
            raise Missing(path)
        if not 200 <= status < 300:
            raise RemoteUnavailable(f"{self.address} answered {status} to {path}.")
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise RemoteUnavailable(
                f"{self.address} answered to {path} with something that is no JSON: is it a "
                "container engine?"
            ) from None

    def _body(self, path: str) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        with self._client.get(
            f"{self._client.base_url.replace('tcp://', 'http://')}{path}",
            timeout=self._timeout,
            stream=True,
            allow_redirects=False,
        ) as answer:
            # Whatever has come by now: a whole piece may come one byte at a time.
            while piece := answer.raw.read1(2**16, decode_content=True):
                body += piece
                if len(body) > MAX_BODY:
                    raise RemoteUnavailable(
                        f"{self.address} answered to {path} with more than {MAX_BODY // 2**20} MiB."
                    )
                if time.monotonic() > deadline:
                    raise RemoteUnavailable(
                        f"{self.address} did not end its answer to {path} within "
                        f"{self._timeout:.0f} seconds."
                    )
            return answer.status_code, bytes(body)

    def _closed(self) -> str:
        return (
            f"{self.address} may not be opened by this user: run it as root, or in the group that "
            "the socket belongs to."
        )


def _checked(address: str) -> Any:
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if "@" in parts.netloc:
        raise InvalidInput(
            "The address of an engine must not have a user or password in it: engines know none, "
            "but certificates (tls_certificate, tls_key)."
        )
    if parts.scheme not in ("unix", "http+unix", "tcp", "http", "https"):
        raise InvalidInput(
            f"{bare(address)} is no address of an engine: write unix:///run/docker.sock or "
            "tcp://app1.example.org:2376."
        )
    return parts


def _tls(docker: Any, settings: DockerSettings) -> Any:
    """What to show and whom to trust, from the settings or, as Docker has it, the environment."""
    folder = os.environ.get("DOCKER_CERT_PATH", "")
    authority, certificate, key = settings.tls_ca, settings.tls_certificate, settings.tls_key
    if folder and os.environ.get("DOCKER_TLS_VERIFY") and not authority:
        authority, certificate, key = (
            os.path.join(folder, name) for name in ("ca.pem", "cert.pem", "key.pem")
        )
    if not authority and not certificate:
        return False
    for path in (authority, certificate, key):
        if path and not os.access(path, os.R_OK):
            raise InvalidSettings(f"The file {path} can't be read.")
    try:
        return docker.tls.TLSConfig(
            ca_cert=authority or None,
            client_cert=(certificate, key) if certificate else None,
            verify=True,
        )
    except docker.errors.TLSParameterError as error:
        raise InvalidSettings(f"The settings of TLS can't be used: {_plain(error)}.") from None


def _plain(error: BaseException) -> str:
    """The innermost reason of an error, in one line."""
    at: BaseException = error
    while True:
        inner = getattr(at, "reason", None) or next(
            (a for a in at.args if isinstance(a, BaseException)), None
        )
        if not isinstance(inner, BaseException) or inner is at:
            break
        at = inner
    text = getattr(at, "strerror", None) or str(at) or type(at).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate is not signed by the authority in tls_ca"
    if "timed out" in text:
        return "it does not answer in time"
    return str(text).splitlines()[0].rstrip(".")[:160]
