"""DNS zone files, read by dnspython; a line that is wrong is left out and told."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import Any

from discovery.configuration.lines import MOST_ERRORS, Complaints
from discovery.configuration.payload import FoundRecord
from discovery.extra import required

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV")
"""What is read of a zone: who is where, and on whom that rests. Texts and keys are not."""
_LINE = re.compile(r":(\d+):")


def read_zone(text: str, file: str) -> tuple[tuple[FoundRecord, ...], tuple[str, ...]]:
    """The records of a zone, and a sentence for each line that could not be read."""
    required("dns", "configuration")
    complaints = Complaints()
    lines = re.sub(r"(?im)^\s*\$INCLUDE\b.*$", "", text).split("\n")
    if len(lines) and "$include" in text.lower():
        complaints.add(file, 1, "what the zone includes is not read; name those files too")
    origin = origin_of(text, file)
    for _ in range(MOST_ERRORS):
        zone, failed = _attempt(lines, origin)
        if zone is not None:
            return tuple(_records(zone)), complaints.all()
        lines, culprit = _without(lines, failed, origin)
        if not culprit:
            complaints.add(file, max(failed, 1), "this is no zone that can be read")
            break
        complaints.add(file, culprit, "this is no record that can be read")
    return (), complaints.all()


def _attempt(lines: Sequence[str], origin: str) -> tuple[Any, int]:
    """The zone, or None and the number of the line at which reading it ended (0: of none)."""
    import dns.exception
    import dns.zone

    try:
        zone = dns.zone.from_text("\n".join(lines), origin, relativize=False, check_origin=False)
    except (dns.exception.DNSException, ValueError, KeyError) as error:
        found = _LINE.search(str(error))
        return None, int(found[1]) if found else 0
    return zone, 0


def _without(lines: list[str], failed: int, origin: str) -> tuple[list[str], int]:
    """The lines without the one that is wrong, and its number; 0 where none of them is it.

    Some errors are only seen behind the end of a line, and then the next one is named.
    """
    for number in (failed, failed - 1):
        if not 1 <= number <= len(lines):
            continue
        rest = [*lines]
        # Lines that follow without a name of their own still are of this one's.
        inherited = number < len(lines) and lines[number][:1].isspace()
        owner = lines[number - 1].split(None, 1)[:1]
        keeps = inherited and owner and not lines[number - 1][:1].isspace()
        rest[number - 1] = f'{owner[0]} 0 IN TXT "-"' if keeps else ""
        zone, next_failed = _attempt(rest, origin)
        if zone is not None or next_failed > failed:
            return rest, number
    return lines, 0


def origin_of(text: str, file: str) -> str:
    """What the names of a zone end with: what it says, or what its file is called."""
    if found := re.search(r"(?im)^\s*\$ORIGIN\s+(\S+\.)\s*(?:;.*)?$", text):
        return found[1]
    if found := re.search(r"(?im)^(\S+\.)\s+(?:\d+\s+)?(?:IN\s+)?SOA\b", text):
        return found[1]
    name = posixpath.basename(file)
    name = re.sub(r"^(?:db|named|zone)\.|\.(?:zone|db|hosts|txt)$", "", name)
    return f"{name}."


def _records(zone: Any) -> list[FoundRecord]:
    found = []
    for name, dataset in zone.iterate_rdatasets():
        kind = dataset.rdtype.name
        if kind not in TYPES:
            continue
        targets = [
            _plain(value)
            for one in dataset
            if (value := getattr(one, "target", None) or getattr(one, "exchange", None))
        ]
        values = sorted(one.to_text().rstrip(".").lower() for one in dataset)
        found.append(
            FoundRecord(_plain(name), kind, tuple(values), int(dataset.ttl), tuple(sorted(targets)))
        )
    return sorted(found, key=lambda r: (r.name, r.type))


def _plain(name: Any) -> str:
    return str(name).rstrip(".").lower()
