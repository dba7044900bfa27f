"""The scanner of example. Listing scanners imports this file: keep it cheap."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from discovery.scanner import Manifest, Scanner
from discovery.setting_values import Secret

from .fetch import fetch
from .parse import parse
from .payload import ExamplePayload


class ExampleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set. Each setting has a default and a description."""

    token: Annotated[
        Secret, Meta(description="The token that the server asks for, by where it is kept.")
    ] = Secret()
    timeout: Annotated[int, Meta(ge=1, le=3600, description="Seconds to wait for an answer.")] = 30


SCANNER = Scanner(
    manifest=Manifest(
        name="example",
        title="Inventories of example",
        description="Machines, what runs on them, and what they need.",
        kinds=("Server", "SoftwareInstance"),
        relations=("RUNS_ON", "DEPENDS_ON"),
        needs=("Inventory files, or the address of a server that has them.",),
        settings=ExampleSettings,
        example="cmdb scan example inventory.json",
        targets="Files, or addresses.",
    ),
    payload=ExamplePayload,
    fetch=fetch,
    parse=parse,
)
