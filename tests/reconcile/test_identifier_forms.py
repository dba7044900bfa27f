"""However an identifier is spelled, it has one written form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.catalogue import builtin
from cmdb.errors import InvalidInput
from cmdb.identity.identifiers import normalise


@given(st.binary(min_size=6, max_size=6), st.sampled_from([":", "-", "", "."]), st.booleans())
def test_hardware_addresses_have_one_form(raw: bytes, between: str, large: bool) -> None:
    pairs = [f"{byte:02X}" if large else f"{byte:02x}" for byte in raw]
    assert normalise(f"mac:{between.join(pairs)}", builtin()) == f"mac:{raw.hex(':')}"


@given(st.text(min_size=1, max_size=20))
def test_characters_for_control_are_in_no_identifier(value: str) -> None:
    bad = any(c < " " or c == "\x7f" for c in value.strip())
    if bad or not value.strip():
        with pytest.raises(InvalidInput):
            normalise(f"name:{value}", builtin())
    else:
        assert normalise(f"name:{value}", builtin()).startswith("name:")
