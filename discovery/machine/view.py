"""How a machine is looked at: what the settings of a source say of it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

AddressScope = Annotated[
    str,
    Meta(
        description=(
            "The network in which addresses are unique: machines in networks that reuse addresses "
            "need different ones."
        )
    ),
]
Stage = Literal["", "production", "staging", "test", "development"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """``address_scope`` is where addresses are unique, ``environment`` the stage that is served,
    and ``connections`` whether it is told what programs connect to."""

    address_scope: str = "default"
    environment: Stage = ""
    connections: bool = True
