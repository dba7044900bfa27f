"""Asks the lab's agents from its node ``scan`` and prints the payload:
after ``make lab``, ``python -m tests.discovery.snmp.record`` writes the recording anew.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cmdb.errors import CmdbError
from discovery.scanner import Failure, encode_payload
from discovery.setting_values import Secret
from discovery.snmp import SnmpSettings
from discovery.snmp.fetch import fetch
from tools.lab.lab import Lab
from tools.lab.topology import topology

RECORDING = Path(__file__).parent / "recordings" / "lab.json"


def ask_from_scan(lab: Lab, version: str) -> str:
    """The payload as JSON, or the sentence that says why there is none. ``version`` is 2c, 3, or
    wrong: version 3 with a key that is not the user's."""
    return lab.run("scan", sys.executable, str(Path(__file__)), version, seconds=120)


def lab_settings(version: str) -> SnmpSettings:
    """How the lab's agents are asked."""
    snmp = topology().snmp
    if version == "2c":
        return SnmpSettings(community=Secret("env:COMMUNITY", snmp.community))
    key = snmp.authentication if version == "3" else "not-the-right-one"
    return SnmpSettings(
        user=snmp.user,
        authentication_key=Secret("env:KEY", key),
        privacy_key=Secret("env:PRIVACY", snmp.privacy),
    )


async def _ask(version: str) -> str:
    addresses = [node.address for node in topology().nodes]
    async for found in fetch(lab_settings(version), addresses):
        if isinstance(found, Failure):
            return found.message
        return encode_payload(found).decode()
    return ""


def main() -> None:
    """Print what the agents say, asked as the argument says; or write the recording."""
    if len(sys.argv) > 1:
        try:
            sys.stdout.write(asyncio.run(_ask(sys.argv[1])))
        except CmdbError as error:
            sys.stdout.write(error.message)
    else:
        RECORDING.parent.mkdir(exist_ok=True)
        RECORDING.write_text(ask_from_scan(Lab(), "2c"))


if __name__ == "__main__":
    main()
