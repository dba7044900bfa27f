"""The shop of the incidents' tests."""

from __future__ import annotations

from tests.incidents.conftest import cmdb as cmdb  # noqa: PLC0414 - a fixture is used by its name
from tests.incidents.conftest import shop as shop  # noqa: PLC0414 - as above
