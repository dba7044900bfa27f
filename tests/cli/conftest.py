from __future__ import annotations

import pytest

from cmdb.cli.main import run_main


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a store with the demo estate, which the tests of a module share."""
    store = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    assert run_main(["demo", "--load-only", "--store", store]) == 0
    return store
