"""Values that look like identifiers and identify nothing.

Firmware ships placeholders, virtual adapters ship zeros, and unnamed machines are all called
``localhost``. Each entry was met in real inventories; users add theirs in the settings.
"""

from __future__ import annotations

import re

from cmdb.identity.identifiers import split

_PLACEHOLDERS = frozenset(
    """
    |none|null|n/a|na|not available|not applicable|not specified|not present|not provided|unknown
    |undefined|default|default string|empty|invalid|tbd|test|serial|serial number|serialnumber
    |system serial number|chassis serial number|base board serial number|baseboard serial number
    |system serial#|to be filled by o.e.m.|to be filled by o.e.m|to be filled by oem|o.e.m.|oem
    |filled by oem|xxxxxxxx|xxxxxxxxxxxx|0123456789|123456789|1234567890|0000000000|.
    |localhost|localhost.localdomain|localhost.localdomain.localdomain|localhost6|ip6-localhost
    |localhost.local|ubuntu|debian|raspberrypi|uninitialized
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)
_ONE_CHARACTER = re.compile(r"^(?:0+|([0-9a-zA-Z.?*_ -])\1{2,})$")
_SHARED_MACS = (
    "00:00:00:00:00:00",
    "ff:ff:ff:ff:ff:ff",
    "02:42:",
    "33:33:",
    "01:00:5e:",
)
_SHARED_UUIDS = frozenset(
    {
        "03000200-0400-0500-0006-000700080009",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
        "00020003-0004-0005-0006-000700080009",
        "12345678-1234-1234-1234-123456789abc",
    }
)
_LOCAL_ADDRESSES = re.compile(r"^(127\.|0\.0\.0\.0$|::1?$|169\.254\.|fe80:)")


def is_shared_mac(address: str) -> bool:
    """Whether many adapters have this hardware address; it is written as identifiers are."""
    return address.startswith(_SHARED_MACS)


def junk_reason(identifier: str) -> str | None:
    """Why a normalised identifier identifies nothing, as a phrase; None where it may.

    >>> junk_reason("serial:TO BE FILLED BY O.E.M.")
    'a placeholder of the maker'
    >>> junk_reason("serial:4C1") is None
    True
    """
    namespace, value = split(identifier)
    if namespace == "key":
        return None
    folded = value.lower().strip()
    if namespace in ("ip", "endpoint"):
        address = folded.rpartition("/")[2]
        return "an address every machine has" if _LOCAL_ADDRESSES.match(address) else None
    if folded in _PLACEHOLDERS:
        return "a placeholder of the maker"
    if namespace == "mac":
        return "an address many adapters share" if is_shared_mac(folded) else None
    if namespace == "name":
        return None
    if namespace == "uuid" and folded in _SHARED_UUIDS:
        return "a UUID many boards share"
    if _ONE_CHARACTER.match(folded.replace("-", "").replace(":", "")):
        return "one character repeated"
    return None
