"""From accounts to observations. Pure: no clock, no network.

An account is read as a state of Terraform would be, by the same mapping: what one declares and the
other has is the same item, whatever is added to the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cmdb.items import ItemObservation, LinkObservation
from discovery.aws import AwsSettings
from discovery.aws.payload import Account, AwsPayload
from discovery.aws.records import OWNER
from discovery.aws.table import aws_mappings
from discovery.observer import Observer
from discovery.scanner import Parsed
from discovery.terraform.items import StateItems
from discovery.terraform.links import StateLinks
from discovery.terraform.state import Resource, State


def parse(
    payload: AwsPayload,
    settings: AwsSettings,  # noqa: ARG001  # they have had their say when it was fetched
    time: datetime,
) -> Parsed:
    """Everything in the accounts, items before links. The accounts are the scope."""
    observer = Observer("aws", time, payload.scope)
    items: dict[str, ItemObservation] = {}
    links: dict[tuple[str, str, str], LinkObservation] = {}
    for account in payload.accounts:
        state = State(f"account {account.account}", account.account, account.resources)
        found = StateItems(state, observer, aws_mappings(), _labels)
        for seen in (*found.items(), *_teams(account, observer)):
            items.setdefault(seen.identifiers[0], seen)
        for link in (
            *StateLinks(state, observer, aws_mappings(), found.keys).links(declared=False),
            *found.zone_links(),
            *_owned(account, observer, found),
        ):
            links.setdefault((link.relation, link.from_key, link.to_key), link)
    return Parsed(payload.scope, (*items.values(), *links.values()), full=payload.full)


def _labels(resource: Resource) -> list[str]:
    return [f"{key}={value}" for key in ("account", "region") if (value := resource.first(key))]


def _teams(account: Account, observer: Observer) -> Iterator[ItemObservation]:
    for team in sorted({owner for r in account.resources if (owner := r.first(OWNER))}):
        yield observer.item("Team", f"team/{team}", [f"name:Team/{team}"], {"name": team})


def _owned(account: Account, observer: Observer, found: StateItems) -> Iterator[LinkObservation]:
    for at, key in found.keys.items():
        if owner := account.resources[at].first(OWNER):
            to = observer.key(f"team/{owner}")
            evidence = f"a tag of {account.resources[at].address}"
            yield observer.link("OWNED_BY", key, to, evidence=evidence)
