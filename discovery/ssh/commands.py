"""The commands that are run on machines: a table, so that all of it can be read."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import msgspec

_PATTERN = re.compile(r"/[\w./*\[\]-]+")
"""Paths, and patterns of them."""


class Command(msgspec.Struct, frozen=True):
    """One command; see ``commands.toml`` for what the fields mean."""

    name: str
    run: str
    reads: str
    system: str = ""
    instead: str = ""
    vital: bool = False
    sudo: bool = False


@lru_cache(maxsize=1)
def commands() -> tuple[Command, ...]:
    """All commands, in the order in which they are run."""
    text = files("discovery.ssh").joinpath("commands.toml").read_text("utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["command"], list[Command]))


def commands_of(system: str) -> tuple[Command, ...]:
    """What is run on a system: ``linux``, ``bsd`` or ``aix``."""
    return tuple(c for c in commands() if c.system in ("", system) and c.name != "system")


def command_line(run: str, more: Sequence[str] = (), *, sudo: bool = False) -> str:
    """The line that any shell takes; patterns of file names in it are the shell's to fill in.

    ``more`` are words behind it, each taken as it is.

    >>> command_line("grep -H -E ^(a|b) /sys/class/net/*/speed", ["a b"])
    "env LC_ALL=C grep -H -E '^(a|b)' /sys/class/net/*/speed 'a b'"
    """
    words = [w if _PATTERN.fullmatch(w) else shlex.quote(w) for w in run.split()]
    words += [shlex.quote(word) for word in more]
    line = " ".join(words)
    if sudo:
        # The shell that fills in the patterns must be root's: others may not look everywhere.
        return f"sudo -n env LC_ALL=C sh -c {shlex.quote(line)}"
    return f"env LC_ALL=C {line}"
