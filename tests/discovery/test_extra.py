"""A library that is missing is named with the extra that brings it."""

from __future__ import annotations

import pytest

from cmdb.errors import InvalidInput
from discovery.extra import required


def test_a_missing_library_says_what_to_install() -> None:
    with pytest.raises(
        InvalidInput, match=r"library no_such_thing: pip install 'cmdb-graph\[ssh\]'"
    ):
        required("no_such_thing.inside", "ssh")
    assert required("json", "ssh").dumps({}) == "{}"


def test_what_a_library_itself_misses_is_not_hidden(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "broken_library.py").write_text("import another_that_is_missing\n")
    monkeypatch.syspath_prepend(str(folder))
    with pytest.raises(ModuleNotFoundError, match="another_that_is_missing"):
        required("broken_library", "ssh")
