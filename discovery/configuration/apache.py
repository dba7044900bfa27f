"""Apache httpd: virtual hosts, what they pass on, and balancers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from discovery.configuration.addresses import read_address, read_url
from discovery.configuration.lines import Complaints, Files, beside, included
from discovery.configuration.payload import Address, Front, Member, Pool, Routes

_OPEN = re.compile(r"<\s*(?P<name>\w+)\s*(?P<rest>[^>]*)>")
_CLOSE = re.compile(r"</\s*(?P<name>\w+)\s*>")
_MOST_DEPTH = 20
_BALANCER = "balancer://"


@dataclass(slots=True)
class _Line:
    words: list[str]
    file: str
    number: int
    sections: tuple[tuple[str, str], ...]
    root: str


@dataclass(slots=True)
class _Host:
    listens: list[Address]
    names: list[str] = field(default_factory=list)
    pools: dict[str, None] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)


def read_apache(files: Files, root: str) -> Routes:
    """What the configuration in ``root`` and the files that it includes say."""
    complaints = Complaints()
    lines = list(_lines(files, root, root, complaints, (root,)))
    pools: dict[str, Pool] = {}
    for line in lines:
        _balancer(line, pools, complaints)
    hosts: dict[str, _Host] = {}
    ports = [a for line in lines if line.words[0] == "listen" and (a := _listen(line))]
    for line in lines:
        host = _host(line, hosts, ports, complaints)
        if host is not None:
            _read(line, host, pools, complaints)
    fronts = [_front(host) for host in hosts.values() if host.pools]
    return Routes("apache", root, tuple(fronts), tuple(pools.values()), complaints.all())


def _lines(
    files: Files, file: str, root: str, complaints: Complaints, above: tuple[str, ...]
) -> Iterator[_Line]:
    """Directives with the sections that they stand in, those of included files in their place."""
    sections: list[tuple[str, str]] = []
    text = re.sub(r"\\\n", " \x00", files[file])  # a continued line keeps its number
    number = 1
    for raw in text.split("\n"):
        line, at = raw.replace("\x00", "").strip(), number
        number += 1 + raw.count("\x00")
        if not line or line.startswith("#"):
            continue
        if line.startswith("<"):
            _section(line, sections, (file, at), complaints)
            continue
        words = _words(line)
        if words[0] in ("include", "includeoptional"):
            for pattern in words[1:]:
                for name in included(pattern, file, root, files):
                    if name not in above and len(above) < _MOST_DEPTH:
                        yield from _lines(files, name, root, complaints, (*above, name))
            continue
        yield _Line(words, file, at, tuple(sections), root)
    for name, _ in sections:
        complaints.add(file, number, f"the section {name} is not ended")


def _section(
    line: str, sections: list[tuple[str, str]], place: tuple[str, int], complaints: Complaints
) -> None:
    """A section begins or ends."""
    if found := _OPEN.fullmatch(line):
        mark = f"{found['rest'].strip()}\x00{place[0]}:{place[1]}"
        sections.append((found["name"].lower(), mark))
    elif found := _CLOSE.fullmatch(line):
        if sections and sections[-1][0] == found["name"].lower():
            sections.pop()
        else:
            complaints.add(*place, f"a section {found['name']} ends that was not begun")
    else:
        complaints.add(*place, "this is neither the beginning nor the end of a section")


def _words(line: str) -> list[str]:
    """The words of a line, the first one, which says what it is for, in small letters."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return [words[0].lower(), *words[1:]] if words else [""]


def _listen(line: _Line) -> Address | None:
    return read_address(line.words[1]) if len(line.words) > 1 else None


def _host(
    line: _Line, hosts: dict[str, _Host], ports: list[Address], complaints: Complaints
) -> _Host | None:
    """The virtual host that a line is in, or the server outside of all."""
    mark = next((rest for name, rest in line.sections if name == "virtualhost"), "")
    if mark not in hosts:
        listens = list(ports) if not mark else []
        for text in mark.partition("\x00")[0].split():
            address = read_address(text, ports[0].port if ports else 80)
            if address is None:
                complaints.add(line.file, line.number, "the virtual host's address can't be read")
            else:
                listens.append(address)
        hosts[mark] = _Host(listens)
    return hosts[mark]


def _read(line: _Line, host: _Host, pools: dict[str, Pool], complaints: Complaints) -> None:
    name, rest = line.words[0], line.words[1:]
    if name in ("servername", "serveralias"):
        host.names += [n.partition("://")[2] or n for n in rest]
    elif name == "sslcertificatefile" and rest:
        host.certificates.append(beside(rest[0], line.root))
    elif name in ("proxypass", "proxypassmatch") and rest:
        located = any(section in ("location", "locationmatch") for section, _ in line.sections)
        target = rest[0] if located and "://" in rest[0] else (rest[1:] or [""])[0]
        if target not in ("!", ""):
            _target(target, line, host, pools, complaints)
    elif name == "rewriterule" and len(rest) > 2 and re.search(r"\bP\b", rest[2]):
        _target(rest[1], line, host, pools, complaints)


def _target(
    url: str, line: _Line, host: _Host, pools: dict[str, Pool], complaints: Complaints
) -> None:
    if url.startswith(("unix:", "fcgi://localhost")):
        return
    if url.startswith(_BALANCER):
        name = url.removeprefix(_BALANCER).partition("/")[0].lower()
        if name in pools:
            host.pools[name] = None
        else:
            complaints.add(line.file, line.number, f"there is no balancer {name[:60]}")
        return
    address = read_url(url.partition("$")[0] if url.count("/") > 2 else url)
    if address is None:
        complaints.add(line.file, line.number, "where this leads can't be read")
        return
    member = Member(address, line=f"{line.file}, line {line.number}")
    pools.setdefault(str(address), Pool(str(address), (member,)))
    host.pools[str(address)] = None


def _balancer(line: _Line, pools: dict[str, Pool], complaints: Complaints) -> None:
    """A member of a balancer; the balancer is made by its first one."""
    if line.words[0] != "balancermember" or len(line.words) < 2:
        return
    words = line.words[1:]
    inside = next((rest for name, rest in line.sections if name == "proxy"), "")
    where = words.pop(0) if words[0].startswith(_BALANCER) else inside.partition("\x00")[0]
    name = where.strip("\"' ").removeprefix(_BALANCER).partition("/")[0].lower()
    address = read_url(words[0]) if words else None
    pool = pools.setdefault(name, Pool(name))
    if address is None:
        complaints.add(line.file, line.number, "where this member is can't be read")
        return
    options = dict(w.lower().split("=", 1) for w in words[1:] if "=" in w)
    status = options.get("status", "")
    if "+d" in status or "+s" in status:
        return
    factor = options.get("loadfactor", "1")
    weight = float(factor) if re.fullmatch(r"\d+(\.\d+)?", factor) else 1.0
    place = f"{line.file}, line {line.number}"
    member = Member(address, weight, "+h" in status, place)
    pools[name] = Pool(name, (*pool.members, member))


def _front(host: _Host) -> Front:
    names = tuple(dict.fromkeys(n.partition(":")[0].lower() for n in host.names))
    plain = tuple(n for n in names if re.fullmatch(r"[a-z0-9_.-]+", n))
    listens = tuple(dict.fromkeys(host.listens)) or (Address("", 80),)
    return Front(
        f"{next(iter(plain), 'default')}:{listens[0].port}",
        listens,
        plain,
        tuple(host.pools),
        tuple(dict.fromkeys(host.certificates)),
    )
