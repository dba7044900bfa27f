"""From an address to a store."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidSettings
from cmdb.store.connect import open_store, safe_uri


async def test_a_path_is_relative_or_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for uri, place in (
        ("sqlite:///one.db", tmp_path / "one.db"),
        (f"sqlite:///{tmp_path}/two.db", tmp_path / "two.db"),
        ("SQLite:///with space.db", tmp_path / "with space.db"),
    ):
        await (await open_store(uri, builtin())).close()
        assert place.exists()


@pytest.mark.parametrize("uri", ["sqlite://:memory:", "sqlite:///:memory:"])
async def test_a_store_in_memory_makes_no_file(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = await open_store(uri, builtin())
    assert (await store.info()).place == "sqlite://:memory:"
    await store.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("cmdb.db", "has no scheme"),
        ("postgres://secret:word@host/db", "no store of scheme 'postgres'"),
        ("sqlite://", "sqlite:/// and its path"),
        ("sqlite:///", "sqlite:/// and its path"),
        ("sqlite://host/cmdb.db", "sqlite:/// and its path"),
        ("neo4j://", "address of a Neo4j store"),
        ("bolt://u:secret@host:99999", "address of a Neo4j store"),
        ("bolt://u:secret@host:port", "address of a Neo4j store"),
        ("bolt://u:secret@host/database", "address of a Neo4j store"),
        ("bolt://u:secret@[half", "address of a Neo4j store"),
    ],
)
async def test_an_address_that_cannot_be_read(uri: str, sentence: str) -> None:
    with pytest.raises(InvalidSettings, match=sentence) as caught:
        await open_store(uri, builtin())
    assert "secret" not in caught.value.message


async def test_user_and_password_in_the_address_or_beside_it(neo4j_address: str) -> None:
    scheme, _, rest = neo4j_address.partition("://")
    credentials, _, host = rest.rpartition("@")
    user, _, password = credentials.partition(":")
    beside = await open_store(f"{scheme}://{host}", builtin(), user=user, password=password)
    await beside.close()
    quoted = "".join(f"%{ord(c):02x}" for c in password)
    inside = await open_store(
        f"{scheme}://{user}:{quoted}@{host}", builtin(), user="nobody", password="wrong"
    )
    assert (await inside.info()).place == f"{scheme}://{host}"
    await inside.close()


@pytest.mark.parametrize(
    ("uri", "safe"),
    [
        ("bolt://neo4j:sesame@host:7687", "bolt://host:7687"),
        ("neo4j+s://a:b%40c@host", "neo4j+s://host"),
        ("bolt://a:p@ss@host:1/x", "bolt://host:1/x"),
        ("sqlite:///a@b.db", "sqlite:///a@b.db"),
        ("nonsense", "nonsense"),
    ],
)
def test_an_address_to_show_has_no_password(uri: str, safe: str) -> None:
    assert safe_uri(uri) == safe


def test_sqlite_does_not_load_the_driver_of_neo4j() -> None:
    code = (
        "import asyncio, sys\n"
        "from cmdb.catalogue import builtin\n"
        "from cmdb.store.connect import open_store\n"
        "asyncio.run(open_store('sqlite://:memory:', builtin()))\n"
        "assert 'neo4j' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0
