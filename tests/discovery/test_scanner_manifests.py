"""Every scanner there is: documented, valid, and cheap to list."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput
from discovery.registry import load_scanner, manifests, own_names, scanner_names
from discovery.scanner import Manifest
from discovery.settings import parse_settings

EACH = pytest.mark.parametrize("manifest", manifests(), ids=own_names())


def test_scanners_are_found_by_their_folder() -> None:
    assert "local" in scanner_names()
    assert [m.name for m in manifests()] == list(own_names())


def test_an_unknown_scanner_is_named_with_the_nearest_one() -> None:
    with pytest.raises(InvalidInput, match=r"no scanner 'locale' \(did you mean local\?\)"):
        load_scanner("locale")


@EACH
def test_a_manifest_says_all_that_people_ask(manifest: Manifest) -> None:
    assert manifest.title
    assert manifest.description.endswith(".")
    assert manifest.needs
    assert all(sentence.endswith(".") for sentence in manifest.needs)
    assert manifest.example.startswith(f"cmdb scan {manifest.name}")
    assert not manifest.as_root or manifest.as_root.endswith(".")


@EACH
def test_a_manifest_names_kinds_and_relations_of_the_catalogue(manifest: Manifest) -> None:
    catalogue = builtin()
    assert manifest.kinds
    assert len(set(manifest.kinds)) == len(manifest.kinds)
    assert not any(catalogue.kind(kind).kind.abstract for kind in manifest.kinds)
    for relation in manifest.relations:
        assert catalogue.relation(relation).name == relation


@EACH
def test_every_setting_has_a_default_and_a_description(manifest: Manifest) -> None:
    described: list[dict[str, Any]] = manifest.data()["settings"]
    for setting in described:
        assert setting["description"].endswith("."), setting["name"]
        assert setting["type"], setting["name"]
    parse_settings(manifest.settings, {})


@EACH
def test_a_manifest_is_plain_data(manifest: Manifest) -> None:
    data = manifest.data()
    assert json.loads(json.dumps(data)) == data


def test_listing_imports_nothing_heavy() -> None:
    program = (
        "import sys; from discovery.registry import manifests; manifests();"
        "print(' '.join(sorted(m.partition('.')[0] for m in sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    heavy = {"psutil", "neo4j", "networkx", "httpx", "strawberry", "openpyxl", "numpy", "asyncio"}
    assert "discovery" in done.stdout.split()
    assert heavy.isdisjoint(done.stdout.split())
