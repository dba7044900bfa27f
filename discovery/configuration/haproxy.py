"""HAProxy: frontends, backends and listen sections."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from discovery.configuration.addresses import read_address
from discovery.configuration.lines import Complaints, Files, beside
from discovery.configuration.payload import Address, Front, Member, Pool, Routes

_SECTIONS = frozenset(
    """global defaults frontend backend listen userlist peers resolvers mailers program cache ring
    http-errors fcgi-app log-forward crt-store traces acme""".split()
)
_MOST_PORTS = 64
_RANGE = re.compile(r"(?P<host>.*:)(?P<first>\d+)-(?P<last>\d+)")


@dataclass(slots=True)
class _Section:
    kind: str
    name: str
    listens: list[Address] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    pools: list[str] = field(default_factory=list)
    default: str = ""
    base: str = ""


def read_haproxy(files: Files, root: str) -> Routes:
    """What the configuration says; one that is in several files is read as one text."""
    complaints = Complaints()
    sections = list(_sections(files[root], root, complaints))
    pools = [Pool(s.name, tuple(s.members)) for s in sections if s.kind == "backend" or s.members]
    known = {pool.name for pool in pools}
    base = next((f"{s.base}/" for s in sections if s.base), "")
    fronts = []
    for section in sections:
        # A default backend is where requests go, even past the servers of a listen section.
        named = dict.fromkeys([*section.pools, section.default or section.name])
        if section.kind in ("frontend", "listen") and section.listens:
            fronts.append(
                Front(
                    section.name,
                    tuple(dict.fromkeys(section.listens)),
                    (),
                    tuple(name for name in named if name in known),
                    tuple(
                        beside(c if c.startswith("/") else f"{base}{c}", root)
                        for c in dict.fromkeys(section.certificates)
                    ),
                )
            )
    return Routes("haproxy", root, tuple(fronts), tuple(pools), complaints.all())


def _sections(text: str, file: str, complaints: Complaints) -> Iterator[_Section]:
    section: _Section | None = None
    defaults = ""
    for number, words in _lines(text, file, complaints):
        if words[0] in _SECTIONS:
            if section is not None:
                yield section
            section = _Section(words[0], words[1] if len(words) > 1 else words[0])
            if words[0] == "defaults":
                defaults = ""
            elif words[0] in ("frontend", "listen"):
                section.default = defaults
        elif section is not None:
            _read(words, section, (file, number), complaints)
            if section.kind == "defaults" and section.default:
                defaults = section.default
    if section is not None:
        yield section


def _lines(text: str, file: str, complaints: Complaints) -> Iterator[tuple[int, list[str]]]:
    """The words of each line that has some, with its number."""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            complaints.add(file, number, "a quotation mark is not closed")
            continue
        if words:
            yield number, words


def _read(
    words: list[str], section: _Section, place: tuple[str, int], complaints: Complaints
) -> None:
    """One line of a section; what says nothing of routes is passed over."""
    name, rest = words[0], words[1:]
    if name == "bind" and rest:
        _bind(rest, section, place, complaints)
    elif name == "server" and len(rest) > 1:
        _server(rest, section, place, complaints)
    elif name in ("default_backend", "use_backend") and rest:
        if "%[" in rest[0]:
            complaints.add(*place, f"{name} is computed; where it leads is not known")
        elif name == "default_backend":
            section.default = rest[0]
        else:
            section.pools.append(rest[0])
    elif name == "crt-base" and rest:
        section.base = rest[0]
    elif name == "server-template":
        complaints.add(*place, "the servers of a template are found at run time, and left out")


def _bind(
    rest: list[str], section: _Section, place: tuple[str, int], complaints: Complaints
) -> None:
    for text in rest[0].split(","):
        if text.startswith(("/", "unix@", "abns@", "fd@", "sockpair@")):
            continue
        text = re.sub(r"^(?:ipv4@|ipv6@|quic4@|quic6@)", "", text)
        spread = _RANGE.fullmatch(text)
        texts = [text]
        if spread:
            ports = range(int(spread["first"]), int(spread["last"]) + 1)[:_MOST_PORTS]
            texts = [f"{spread['host']}{port}" for port in ports]
        for one in texts:
            address = read_address(one)
            if address is None:
                complaints.add(*place, "what this binds can't be read")
                break
            section.listens.append(address)
    section.certificates += [b for a, b in itertools.pairwise(rest) if a == "crt"]


def _server(
    rest: list[str], section: _Section, place: tuple[str, int], complaints: Complaints
) -> None:
    text, options = rest[1], rest[2:]
    if text.startswith(("/", "unix@", "abns@")) or "disabled" in options:
        return
    address = read_address(re.sub(r"^ipv[46]@", "", text), 80)
    if address is None or not address.host:
        complaints.add(*place, "where this server is can't be read")
        return
    weights = [b for a, b in itertools.pairwise(options) if a == "weight"]
    weight = float(weights[0]) if weights and weights[0].isdigit() else 1.0
    if weight:  # none is sent to a server of weight 0
        line = f"{place[0]}, line {place[1]}"
        section.members.append(Member(address, weight, "backup" in options, line))
