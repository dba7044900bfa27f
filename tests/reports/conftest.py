"""An empty database over each store."""

from __future__ import annotations

from tests.incidents.conftest import cmdb as cmdb  # noqa: PLC0414 - a fixture is used by its name
