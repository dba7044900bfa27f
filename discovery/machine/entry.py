"""What a command line runs, told without keeping any of its arguments.

Arguments hold passwords. All that may leave this module is the name of a class, module, script or
container, and only where it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_NAME = re.compile(r"[A-Za-z_][\w.+$-]{0,79}")
_CONTAINER = re.compile(r"[0-9a-f]{64}")
_VERSION = re.compile(r"[\d.]+$")
_BEAM = ("rabbitmq", "couchdb", "ejabberd", "emqx", "vernemq", "riak")
_GENERIC = frozenset({"app", "bootstrap", "cli", "index", "main", "run", "server", "start"})
"""Script names that say nothing; the folder they are in says more."""

_WITH_VALUE = {
    "java": frozenset(
        {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules"}
    ),
    "python": frozenset({"-W", "-X", "--check-hash-based-pycs"}),
    "node": frozenset({"-r", "--require", "--import", "--loader"}),
    "ruby": frozenset({"-I", "-r", "-C"}),
    "perl": frozenset({"-I"}),
    "php": frozenset({"-c", "-d", "-z"}),
}
"""The options of each interpreter that are followed by a value of their own."""

_STARTS = ("beam", *_WITH_VALUE)
"""How the names of programs begin of which more is looked at than their name."""

_CODE = frozenset({"-c", "-e", "--eval", "-p", "--print", "-E"})
"""Options whose value is program text: what runs then has no name."""


def entry_point(arguments: Sequence[str]) -> str:
    """The name of what an interpreter runs; empty where it runs none or is no interpreter.

    >>> entry_point(["java", "-Dpassword=x", "-cp", "a:b", "org.neo4j.server.Neo4jCommunity"])
    'org.neo4j.server.Neo4jCommunity'
    >>> entry_point(["python3.12", "-m", "uvicorn", "shop:app", "--ssl-keyfile-password", "x"])
    'uvicorn'
    >>> entry_point(["node", "/srv/shop/server.js", "--token=x"])
    'shop'
    """
    if not arguments:
        return ""
    program = _base(arguments[0]).removesuffix(".exe")
    if not program.startswith(_STARTS):
        return ""
    if program.startswith("beam"):
        return next((word for word in _BEAM if any(word in a for a in arguments)), "")
    interpreter = _VERSION.sub("", program)
    if interpreter == "nodejs":
        interpreter = "node"
    if interpreter not in _WITH_VALUE:
        return ""
    found = _java(arguments) if interpreter == "java" else _script(interpreter, arguments)
    return found if _NAME.fullmatch(found) else ""


def shim_container(arguments: Sequence[str]) -> str:
    """The full id of the container that a containerd-shim watches over; empty where none shows."""
    for option, value in pairwise(arguments):
        if option == "-id" and _CONTAINER.fullmatch(value):
            return value
    return ""


def _java(arguments: Sequence[str]) -> str:
    words = iter(arguments[1:])
    for word in words:
        if word == "-jar":
            return _base(next(words, "")).removesuffix(".jar")
        if word in ("-m", "--module"):
            return next(words, "").rpartition("/")[2]
        if word in _WITH_VALUE["java"]:
            next(words, None)
        elif not word.startswith(("-", "@")):
            # A class, or a source file that is compiled as it is started.
            return _base(word).removesuffix(".java")
    return ""


def _script(interpreter: str, arguments: Sequence[str]) -> str:
    words = iter(arguments[1:])
    for word in words:
        if interpreter == "python" and word == "-m":
            return next(words, "")
        if word in _WITH_VALUE[interpreter]:
            next(words, None)
        elif word in _CODE:
            return ""
        elif not word.startswith("-"):
            return _script_name(word)
    return ""


def _script_name(path: str) -> str:
    name = re.sub(r"\.(?:py|pyc|js|mjs|cjs|rb|pl|php)$", "", _base(path))
    folders = re.split(r"[/\\]", path)[:-1]
    if name in (_GENERIC | {"__main__"}) and folders and folders[-1] not in ("", ".", "bin", "src"):
        return folders[-1]
    return name


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
