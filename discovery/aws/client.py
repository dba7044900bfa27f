"""Asking AWS through its own client: sessions, roles, regions, pages, and what went wrong."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from cmdb.errors import InvalidSettings, RemoteUnavailable
from discovery.address import LOOPBACK
from discovery.aws import AwsSettings
from discovery.aws.account import Gone
from discovery.aws.bounded import bound
from discovery.aws.errors import said_of
from discovery.aws.payload import Place
from discovery.aws.records import Record
from discovery.aws.table import Call
from discovery.extra import required

MAX_PAGES = 10_000
ATTEMPTS = 5
"""How often a call is made where AWS is busy or does not answer."""
HOME = "us-east-1"
_GONE = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent")
_ODD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What the client stumbles with over answers that have another shape than AWS's."""


class Session:
    """An account, by the usual credentials or by a role that is assumed with them.

    Raises :class:`~cmdb.errors.InvalidSettings` where there are no credentials, where they are
    refused, or where the role may not be assumed.
    """

    def __init__(self, settings: AwsSettings, role: str = "") -> None:
        boto3 = required("boto3", "aws")
        config = required("botocore.config", "aws")
        # What it logs for those who look for mistakes in it are whole answers.
        logging.getLogger("botocore").setLevel(logging.INFO)
        self._exceptions = required("botocore.exceptions", "aws")
        self._settings = settings
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._config = config.Config(
            connect_timeout=min(10.0, settings.timeout),
            read_timeout=settings.timeout,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            user_agent_extra="cmdb",
            max_pool_connections=settings.at_once,
            # A simulator on this machine is behind no proxy.
            proxies={} if any(host in settings.endpoint_url for host in LOOPBACK) else None,
        )
        try:
            self._session = boto3.Session(profile_name=settings.profile or None)
            if role:
                self._session = self._assumed(boto3, role)
            told = self.client("sts", HOME if role else self._home()).get_caller_identity()
        except self._exceptions.ProfileNotFound:
            raise InvalidSettings(f"There is no profile {settings.profile!r}.") from None
        except (self._exceptions.ClientError, self._exceptions.BotoCoreError) as error:
            self.close()
            who = f"the role {role}" if role else "the account"
            raise self._unusable(who, error) from None
        except (*_ODD, required("botocore.parsers", "aws").ResponseParserError) as error:
            self.close()
            raise RemoteUnavailable(f"AWS can't be reached: {said_of(error)}.") from None
        self.account = str(told.get("Account", ""))
        # arn:aws-cn:sts::… says which of its separate clouds AWS answers from.
        self.partition = str(told.get("Arn", "")).removeprefix("arn:").partition(":")[0] or "aws"

    def _home(self) -> str:
        return str(self._session.region_name or HOME)

    def _assumed(self, boto3: Any, role: str) -> Any:
        more = {}
        if self._settings.external_id:
            more["ExternalId"] = self._settings.external_id.value
        sts = self.client("sts", self._home())
        given = sts.assume_role(RoleArn=role, RoleSessionName="cmdb", **more)["Credentials"]
        self.close()
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self._session.region_name,
        )

    def _unusable(self, who: str, error: Exception) -> InvalidSettings | RemoteUnavailable:
        if isinstance(error, self._exceptions.NoCredentialsError):
            return InvalidSettings(
                "There are no credentials of AWS: set AWS_PROFILE or profile, or sign in with "
                "`aws sso login`."
            )
        said = said_of(error)
        if isinstance(error, self._exceptions.ClientError):
            return InvalidSettings(f"AWS does not let us use {who}: {said}.")
        return RemoteUnavailable(f"AWS can't be reached: {said}.")

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region; made once, since making one takes long."""
        with self._lock:
            if (service, region) not in self._clients:
                made = self._session.client(
                    service,
                    region_name=region,
                    endpoint_url=self._settings.endpoint_url or None,
                    config=self._config,
                )
                bound(made, self._settings.timeout)
                self._clients[service, region] = made
            return self._clients[service, region]

    def regions(self) -> tuple[str, ...]:
        """The regions that are enabled; raises RemoteUnavailable where the account may not say."""
        ec2 = self.client("ec2", self._home())
        try:
            found = ec2.describe_regions()["Regions"]
        except (self._exceptions.ClientError, self._exceptions.BotoCoreError) as error:
            raise RemoteUnavailable(f"{said_of(error)}.") from None
        return tuple(sorted(str(region["RegionName"]) for region in found))

    def ask(self, place: Place, call: Call, arguments: Mapping[str, Any]) -> Iterator[Record]:
        """The answers to a call, page by page; see :data:`discovery.aws.account.Ask`."""
        try:
            client = self.client(call.service, place.region)
            if not client.can_paginate(call.operation):
                yield getattr(client, call.operation)(**arguments)
                return
            pages = client.get_paginator(call.operation).paginate(**arguments)
            for count, page in enumerate(pages):
                if count >= MAX_PAGES:
                    raise RemoteUnavailable(f"there is no end to it after {MAX_PAGES} pages.")
                yield page
        except self._exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if call.each and any(word in code for word in _GONE):
                raise Gone(code) from None
            raise RemoteUnavailable(f"{said_of(error)}.") from None
        except self._exceptions.BotoCoreError as error:
            raise RemoteUnavailable(f"{said_of(error)}.") from None
        except _ODD as error:
            raise RemoteUnavailable(f"{said_of(error)}.") from None
        except required("botocore.parsers", "aws").ResponseParserError as error:
            raise RemoteUnavailable(f"{said_of(error)}.") from None

    def close(self) -> None:
        """Closes what is open."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
