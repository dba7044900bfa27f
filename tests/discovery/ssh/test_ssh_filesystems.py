"""What mount and df print is read as jc reads it, only sooner."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.ssh.filesystems import mounted, usage_of
from discovery.ssh.tables import table

WORDS = st.sampled_from(
    [
        "/dev/vda1",
        "on",
        "type",
        "ext4",
        "(rw,relatime)",
        "(rw)",
        "/srv/a b",
        "\t",
        "",
        "nas:/x",
        "(",
    ]
)
DEVICES = st.sampled_from(["tmpfs", "/dev/mapper/data-0", "//nas/our files", "s" * 40, "1 2"])
NUMBERS = st.integers(min_value=0, max_value=10**13).map(str) | st.just("-")


def as_jc(text: str) -> list[tuple[str, str, str]]:
    return [
        (row["filesystem"], row["mount_point"], row.get("type", "")) for row in table("mount", text)
    ]


def as_here(text: str) -> list[tuple[str, str, str]]:
    return [(row["filesystem"], row["mount_point"], row.get("type", "")) for row in mounted(text)]


def used_as_jc(text: str) -> dict[str, tuple[int | None, int | None]]:
    return {
        str(row.get("mounted_on")): (row.get("1024_blocks") or None, row.get("used"))
        for row in table("df", text)
    }


@given(st.lists(st.lists(WORDS, max_size=7).map(" ".join), min_size=1, max_size=4))
def test_lines_of_mount_are_read_as_by_jc(lines: list[str]) -> None:
    text = "\n".join(["/dev/vda on / type ext4 (rw)", *lines])
    assert as_here(text) == as_jc(text)


@given(
    st.lists(st.tuples(DEVICES, NUMBERS, NUMBERS, st.sampled_from(["/", "/srv/our files", "/a"]))),
    st.sampled_from(["", " ", "\t", "x"]),
    st.integers(0, 400),
)
def test_tables_of_df_are_read_as_by_jc(
    rows: list[tuple[str, str, str, str]], odd: str, at: int
) -> None:
    table_ = [
        ("Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted on"),
        *((device, size, used, size, "36%", path) for device, size, used, path in rows),
    ]
    widths = [max(len(row[column]) for row in table_) for column in range(5)]
    text = "".join(
        " ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:5], widths[1:]), row[5]]) + "\n"
        for row in table_
    )
    text = text[:at] + odd + text[at:]  # a table that somebody touched is left to jc
    assert usage_of(text) == used_as_jc(text)


@pytest.mark.parametrize("system", ["centos-7.7", "ubuntu-18.04", "aix-7.1"])
def test_recorded_mounts_are_read_as_by_jc(system: str, shared_data: Path) -> None:
    folder = shared_data / "jc-fixtures/tests/fixtures" / system
    text = (folder / "mount.out").read_text("utf-8")
    assert as_here(text) == as_jc(text)
    assert as_here(text)


def test_usage_in_the_columns_of_the_headings_needs_no_jc() -> None:
    text = (
        "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
        "tmpfs              2465964     1144   2464820       1% /run\n"
        "/dev/vda1         61671500 20557166  37951846      36% /\n"
    )
    assert usage_of(text) == {"/run": (2465964, 1144), "/": (61671500, 20557166)}
    assert usage_of(text) == used_as_jc(text)
