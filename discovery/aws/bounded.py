"""Answers of AWS's client, bounded in size and in time: on its own it reads whatever comes."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from cmdb.errors import RemoteUnavailable
from discovery.aws.errors import NO_ANSWER
from discovery.extra import required

MAX_BODY = 64 * 2**20
"""Bytes of one answer; a page of what AWS lists is far below."""
SLOWEST = 10
"""A whole answer may take this many times as long as is waited for its next piece."""


def bound(client: Any, timeout: float) -> None:
    """Have a client read no answer that is too large, or that takes too long.

    Asking then raises :class:`~cmdb.errors.RemoteUnavailable`.
    """
    exceptions = required("botocore.exceptions", "aws")
    urllib3 = required("urllib3.exceptions", "aws")
    speaks_json = client.meta.service_model.protocol in ("json", "rest-json")
    send = client._endpoint.http_session.send

    def read(request: Any, **_: Any) -> Any:
        if request.stream_output:
            return None
        request.stream_output = True
        answer = send(request)
        try:
            answer._content = _body(answer.raw, timeout * SLOWEST)
        except urllib3.ReadTimeoutError as error:
            raise exceptions.ReadTimeoutError(endpoint_url=request.url, error=error) from None
        except (urllib3.HTTPError, OSError) as error:
            raise exceptions.HTTPClientError(error=error) from None
        if speaks_json and answer.status_code == 200:
            _check_json(answer._content)
        return answer

    client.meta.events.register("before-send", read)


def _check_json(body: bytes) -> None:
    """The client takes whatever is no JSON for an answer with nothing in it."""
    try:
        if not body or isinstance(msgspec.json.decode(body), dict):
            return
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    raise RemoteUnavailable(f"{NO_ANSWER}.")


def _body(stream: Any, longest: float) -> bytes:
    until = time.monotonic() + longest
    body = bytearray()
    while piece := stream.read1(2**18):
        body += piece
        if len(body) > MAX_BODY:
            stream.close()
            raise RemoteUnavailable(f"the answer has more than {MAX_BODY // 2**20} MiB.")
        if time.monotonic() > until:
            stream.close()
            raise RemoteUnavailable(f"the answer did not end within {longest:g} seconds.")
    return bytes(body)
