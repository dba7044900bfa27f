"""A page of Jira's issues as it comes."""

from __future__ import annotations

from typing import Any

import msgspec


class JiraPage(msgspec.Struct, frozen=True):
    """Issues of a site, and the names of its custom fields by their ids (``customfield_10051``)."""

    site: str
    issues: list[dict[str, Any]]
    names: dict[str, str] = {}
