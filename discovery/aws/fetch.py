"""Reading accounts: one after another, their regions side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from cmdb.errors import CmdbError, InvalidInput, RemoteUnavailable
from discovery.aws import AwsSettings
from discovery.aws.account import Reading
from discovery.aws.client import HOME, Session
from discovery.aws.payload import Account, AwsPayload, Place
from discovery.scanner import Failure


async def fetch(
    settings: AwsSettings, targets: Sequence[str]
) -> AsyncIterator[AwsPayload | Failure]:
    """All accounts in one payload, and a failure for every call that is refused.

    Raises the error of an account that can't be read at all, where it is the only one.
    """
    roles = list(dict.fromkeys(targets)) or [""]
    for role in roles:
        if role and not (role.startswith("arn:aws") and ":role/" in role):
            raise InvalidInput(
                f"{role} is no role: write its ARN, such as arn:aws:iam::123456789012:role/cmdb."
            )
    accounts: dict[str, Account] = {}
    failures: list[str] = []
    for role in roles:
        try:
            account, failed = await asyncio.to_thread(_account, settings, role)
        except CmdbError as error:
            if len(roles) == 1:
                raise
            failures.append(f"{role}: {error.message}")
            continue
        accounts[account.account] = account
        failures += failed
    for sentence in failures:
        yield Failure(sentence, hides_links=True)
    if accounts:
        named = "+".join(sorted(accounts))
        regions = ",".join(sorted(settings.regions))
        scope = f"accounts/{named}/{regions}" if regions else f"accounts/{named}"
        yield AwsPayload(scope, tuple(accounts.values()), full=not failures)


def _account(settings: AwsSettings, role: str) -> tuple[Account, list[str]]:
    session = Session(settings, role)
    failures: list[str] = []
    try:
        regions = settings.regions
        if not regions:
            try:
                regions = session.regions()
            except RemoteUnavailable as error:
                regions = (HOME,)
                failures.append(
                    f"{session.account}, regions: {error.message} Only {HOME} was read; name them "
                    "in regions."
                )
        places = [Place(session.partition, session.account, region) for region in regions]
        reading = Reading(session.ask, settings.owner_tags, settings.at_once)
        resources = reading.resources(places)
        return Account(session.account, resources), [*failures, *reading.failures]
    finally:
        session.close()
