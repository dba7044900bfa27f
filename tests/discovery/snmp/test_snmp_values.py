"""Values of agents mean the same, however quickly they are read."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from cmdb.identity.junk import junk_reason
from discovery.snmp.values import MAX_TEXT, index, mac, mac_of, text

LATIN = st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=30)
PLAIN = st.text(st.sampled_from('aB1/ "\x00\t\x7f'), max_size=30)


@given(LATIN | PLAIN)
@example("x" * (MAX_TEXT + 1))
@example("a  b")
def test_texts_are_told_on_one_line_without_what_fills_them_up(value: str) -> None:
    raw = value.encode("latin-1").lstrip(b"\x00").partition(b"\x00")[0].decode("utf-8", "replace")
    assert text(value) == re.sub(r"[\s\x00-\x1f\x7f]+", " ", raw).strip(' "')[:MAX_TEXT]


@given(st.binary(min_size=6, max_size=6))
@example(bytes(6))
@example(b"\x33\x33\x00\x00\x00\x01")
@example(b"\x02\x42\xac\x11\x00\x02")
@example(b"\x00\x1b\x17\x00\x01\x10")
def test_hardware_addresses_of_one_adapter_are_told_and_no_others(raw: bytes) -> None:
    written = raw.hex(":")
    wanted = "" if raw[0] & 1 or junk_reason(f"mac:{written}") else written
    assert mac(raw) == mac(raw.decode("latin-1")) == mac_of(list(raw)) == wanted


@given(st.lists(st.integers(min_value=0, max_value=2**32), max_size=12))
def test_an_index_has_the_numbers_that_it_is_written_with(numbers: list[int]) -> None:
    row = ".".join(map(str, numbers))
    assert index(row) == index(f".{row}.") == numbers
    if len(numbers) == 6 and max(numbers) > 255:
        assert mac_of(numbers) == ""
