"""nginx: servers, upstreams and where they pass requests on to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from discovery.configuration.addresses import read_address, read_url
from discovery.configuration.lines import Complaints, Files, beside, included
from discovery.configuration.payload import Address, Front, Member, Pool, Routes

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<comment>\#[^\n]*)|(?P<end>;)|(?P<open>\{)|(?P<close>\})
    |(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<word>(?:\$\{[^}\n]*\}|\\.|[^\s;{}"'\\])+)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PASS = frozenset({"proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"})
_MOST_DEPTH = 20


@dataclass(slots=True)
class Directive:
    """A directive with its words, and the block behind it where it has one."""

    name: str
    words: list[str]
    file: str
    line: int
    block: list[Directive] | None = None

    def inside(self, *names: str) -> Iterator[Directive]:
        """The directives of those names in the block, at any depth, in order."""
        for one in self.block or ():
            if one.name in names:
                yield one
            if one.block is not None and one.name not in ("server", "upstream"):
                yield from one.inside(*names)


def read_nginx(files: Files, root: str) -> Routes:
    """What the configuration in ``root`` and the files that it includes say."""
    complaints = Complaints()
    tree = Directive("", [], root, 0, _parsed(files, root, root, complaints, (root,)))
    pools = {d.words[0]: d for d in _all(tree, "upstream") if d.words}
    found = _Found(root, {name: _upstream(d, complaints) for name, d in pools.items()})
    fronts = [_front(server, found, complaints) for server in _all(tree, "server")]
    return Routes(
        "nginx",
        root,
        tuple(front for front in fronts if front is not None),
        tuple(found.pools.values()),
        complaints.all(),
    )


@dataclass(slots=True)
class _Found:
    root: str
    pools: dict[str, Pool]


def _all(tree: Directive, name: str) -> Iterator[Directive]:
    for one in tree.block or ():
        if one.name == name and one.block is not None:
            yield one
        elif one.block is not None:
            yield from _all(one, name)


def _parsed(
    files: Files, file: str, root: str, complaints: Complaints, above: tuple[str, ...]
) -> list[Directive]:
    """The directives of a file, with those of the files that it includes in their place."""
    reader = _Reader(files, file, root, complaints, above)
    line = 1
    for token in _TOKEN.finditer(files[file]):
        if not reader.take(token.lastgroup or "", token[0], line):
            break
        line += token[0].count("\n")
    return reader.end(line)


class _Reader:
    """Puts a file's tokens together: words to directives, directives to blocks."""

    def __init__(
        self, files: Files, file: str, root: str, complaints: Complaints, above: tuple[str, ...]
    ) -> None:
        self._files, self._file, self._root, self._above = files, file, root, above
        self._complaints = complaints
        self._stack: list[list[Directive]] = [[]]
        self._words: list[str] = []
        self._began = 1

    def take(self, kind: str, text: str, line: int) -> bool:
        """One token; False where it can't go on."""
        if kind in ("word", "quoted", "other"):
            self._began = self._began if self._words else line
            self._words.append(text[1:-1] if kind == "quoted" else text)
            if kind == "other":
                self._complain(line, "a quotation mark is not closed")
        elif kind == "end" and self._words:
            self._directive()
            self._words = []
        elif kind == "open":
            return self._open(line)
        elif kind == "close":
            self._close(line)
        return True

    def end(self, line: int) -> list[Directive]:
        """All directives of the file, which ends in that line."""
        if len(self._stack) > 1:
            self._complain(line, "a block is not closed")
        self._unfinished()
        return self._stack[0]

    def _complain(self, line: int, what: str) -> None:
        self._complaints.add(self._file, line, what)

    def _unfinished(self) -> None:
        if self._words:
            self._complain(self._began, "a directive has no semicolon at its end")
            self._words = []

    def _open(self, line: int) -> bool:
        if len(self._stack) > _MOST_DEPTH * 2:
            self._complain(line, "blocks are nested too deeply")
            return False
        block: list[Directive] = []
        name, *words = self._words or [""]
        self._stack[-1].append(Directive(name, words, self._file, line, block))
        self._stack.append(block)
        self._words = []
        return True

    def _close(self, line: int) -> None:
        self._unfinished()
        if len(self._stack) == 1:
            self._complain(line, "a closing brace that nothing opened")
        else:
            self._stack.pop()

    def _directive(self) -> None:
        name, *words = self._words
        if name != "include":
            self._stack[-1].append(Directive(name, words, self._file, self._began))
            return
        for pattern in words:
            for file in included(pattern, self._file, self._root, self._files):
                if file in self._above or len(self._above) > _MOST_DEPTH:
                    self._complain(self._began, f"{file} includes itself")
                    continue
                self._stack[-1] += _parsed(
                    self._files, file, self._root, self._complaints, (*self._above, file)
                )


def _upstream(directive: Directive, complaints: Complaints) -> Pool:
    members = []
    for one in directive.block or ():
        if one.name != "server" or not one.words or "down" in one.words[1:]:
            continue
        if one.words[0].startswith("unix:"):
            continue
        address = None if "$" in one.words[0] else read_address(one.words[0], 80)
        if address is None or not address.host:
            complaints.add(one.file, one.line, "where this server is can't be read")
            continue
        weight = next((w[7:] for w in one.words if w.startswith("weight=")), "1")
        members.append(
            Member(
                address,
                float(weight) if weight.isdigit() else 1.0,
                "backup" in one.words[1:],
                f"{one.file}, line {one.line}",
            )
        )
    return Pool(directive.words[0], tuple(members))


def _front(server: Directive, found: _Found, complaints: Complaints) -> Front | None:
    """What a server block is to callers; None where it passes nothing on."""
    pools = dict.fromkeys(
        name
        for one in server.inside(*_PASS)
        if one.words and (name := _pool(one, found, complaints))
    )
    if not pools:
        return None
    listens = [a for one in server.inside("listen") if (a := _listen(one, complaints))]
    names = [name for one in server.inside("server_name") for name in one.words]
    listens = list(dict.fromkeys(listens)) or [Address("", 80)]
    certificates = [one.words[0] for one in server.inside("ssl_certificate") if one.words]
    plain = tuple(n.lower() for n in names if re.fullmatch(r"[A-Za-z0-9_.-]*[A-Za-z0-9-]", n))
    called = next(iter(plain), "") or next(iter(names), "").lstrip("~_") or "default"
    return Front(
        f"{called}:{listens[0].port}",
        tuple(listens),
        plain,
        tuple(pools),
        tuple(beside(c, found.root) for c in dict.fromkeys(certificates) if "$" not in c),
    )


def _listen(one: Directive, complaints: Complaints) -> Address | None:
    if not one.words or one.words[0].startswith("unix:"):
        return None
    address = read_address(one.words[0], 80)
    if address is None:
        complaints.add(one.file, one.line, "what this listens on can't be read")
    return address


def _pool(one: Directive, found: _Found, complaints: Complaints) -> str | None:
    """The pool that requests are passed on to: an upstream, or a single server."""
    target = one.words[0]
    _scheme, slashes, rest = target.partition("://")
    host = (rest if slashes else target).partition("/")[0]
    if host in found.pools:
        return host
    if host.startswith("unix:"):
        return None
    url = target if slashes else f"http://{target}"
    address = read_url(url)
    if address is None:
        complaints.add(
            one.file, one.line, f"{one.name} leads to a variable; where that is is not known"
        )
        return None
    name = str(address)
    member = Member(address, line=f"{one.file}, line {one.line}")
    found.pools.setdefault(name, Pool(name, (member,)))
    return name
