"""The benchmark of SNMP measures what a scan does: every cable and every host is found."""

from __future__ import annotations

from bench.snmp import PORTS, measure


def test_all_devices_are_understood_and_compared_with_a_bare_reading() -> None:
    devices = 21
    figure, found = measure(devices, rounds=1)
    assert (figure.rows, figure.ratio) == (devices, figure.peer / figure.ours)
    cables = devices - 1
    assert found["NetworkDevice"] == devices
    assert found["POWERED_BY"] == 2 * devices
    assert found["LINKED_TO"] == cables + devices * PORTS - 2 * cables
    assert found["NetworkInterface"] == devices * PORTS
