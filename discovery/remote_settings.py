"""Settings that every scanner of a remote server has."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

AtOnce = Annotated[int, Meta(description="Requests under way at the same time.", ge=1, le=16)]
Timeout = Annotated[float, Meta(description="Seconds to wait for an answer.", ge=1, le=600)]
Overlap = Annotated[
    int,
    Meta(
        description="Minutes before the last run to read again, for clocks that differ.",
        ge=0,
        le=1440,
    ),
]
