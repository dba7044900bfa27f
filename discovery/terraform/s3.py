"""States in S3, and in whatever speaks its language."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from cmdb.errors import CmdbError, InvalidInput, InvalidSettings, RemoteUnavailable
from discovery.address import LOOPBACK
from discovery.aws.errors import said_of
from discovery.extra import required
from discovery.terraform import TerraformSettings

S3 = "s3://"
MAX_STATES = 10_000
"""States of one target: more are of several companies."""


def states_below(settings: TerraformSettings, target: str) -> list[str]:
    """The address itself or, where it ends with a slash, all states below it, by name."""
    bucket, key = _parts(target)
    if key and not key.endswith("/"):
        return [target]
    found: list[str] = []
    exceptions = required("botocore.exceptions", "aws")
    with closing(_client(settings)) as client:
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
            for page in pages:
                keys = [str(entry["Key"]) for entry in page.get("Contents", ())]
                found += [f"{S3}{bucket}/{k}" for k in keys if k.endswith(".tfstate")]
                if len(found) > MAX_STATES:
                    raise InvalidInput(f"{target} holds more than {MAX_STATES} states: name some.")
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            raise _failed(target, error) from None
    if not found:
        raise InvalidInput(f"{target} holds no object named *.tfstate; name the keys.")
    return sorted(found)


def read_object(settings: TerraformSettings, address: str, most: int) -> bytes:
    """What an object holds, if it is no more than ``most`` bytes."""
    bucket, key = _parts(address)
    exceptions = required("botocore.exceptions", "aws")
    with closing(_client(settings)) as client:
        try:
            answer = client.get_object(Bucket=bucket, Key=key)
            with closing(answer["Body"]) as body:
                data = bytes(body.read(most + 1))
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            raise _failed(address, error) from None
    if len(data) > most:
        raise InvalidInput(f"{address} is larger than {most // 2**20} MiB: it is no state.")
    return data


def _parts(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix(S3).partition("/")
    if not bucket:
        raise InvalidInput(f"{address} names no bucket: write s3://BUCKET/KEY.")
    return bucket, key


def _client(settings: TerraformSettings) -> Any:
    boto3 = required("boto3", "aws")
    config = required("botocore.config", "aws")
    exceptions = required("botocore.exceptions", "aws")
    own = any(host in settings.endpoint_url for host in LOOPBACK)
    try:
        return boto3.Session(profile_name=settings.profile or None).client(
            "s3",
            endpoint_url=settings.endpoint_url or None,
            config=config.Config(
                connect_timeout=min(10.0, settings.timeout),
                read_timeout=settings.timeout,
                proxies={} if own else None,
            ),
        )
    except exceptions.ProfileNotFound:
        raise InvalidSettings(f"There is no profile {settings.profile!r}.") from None
    except (exceptions.BotoCoreError, ValueError) as error:
        raise InvalidSettings(f"S3 can't be asked: {said_of(error)}.") from None


def _failed(address: str, error: Exception) -> CmdbError:
    response = getattr(error, "response", None)
    code = str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
    if code in ("NoSuchKey", "NoSuchBucket", "404"):
        return InvalidInput(f"{address} can't be read: there is no such object ({code}).")
    return RemoteUnavailable(f"{address} can't be read: {said_of(error)}.")
