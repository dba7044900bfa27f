"""What is kept of accounts: resources as a state of Terraform would have them."""

from __future__ import annotations

import msgspec

from discovery.terraform.state import Resource


class Place(msgspec.Struct, frozen=True):
    """Where answers are from; ``partition`` is ``aws``, or that of China or of the government."""

    partition: str
    account: str
    region: str


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account; what all its regions have is together, since they refer to each other."""

    account: str
    resources: tuple[Resource, ...]


class AwsPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """All accounts of a scan; ``full`` says that nothing of them is missing."""

    scope: str
    accounts: tuple[Account, ...]
    full: bool = True
