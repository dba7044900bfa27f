"""Each store, and short ways to say what sources report."""

from __future__ import annotations

from tests.records.conftest import cmdb as cmdb  # noqa: PLC0414 - a fixture is used by its name
