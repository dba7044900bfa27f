"""Which servers are meant, as URLs without a password in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from cmdb.errors import InvalidInput
from discovery.address import LOOPBACK

ENGINES = {
    "postgresql": ("postgresql", 5432),
    "postgres": ("postgresql", 5432),
    "mysql": ("mysql", 3306),
    "mariadb": ("mysql", 3306),
    "redis": ("redis", 6379),
    "rediss": ("redis", 6379),
    "valkey": ("redis", 6379),
}
"""Which engine's protocol a scheme means, and its usual port."""
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "valkey": 6379}


@dataclass(frozen=True, slots=True)
class Target:
    """A server to ask; ``database`` is where to sign in, where the engine wants one."""

    engine: str
    host: str
    port: int
    user: str = ""
    database: str = ""
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.engine}://{host}:{self.port}"


def read_targets(texts: Sequence[str], *, has_password: bool) -> tuple[Target, ...]:
    """All servers that are named, each once. Raises :class:`~cmdb.errors.InvalidInput` where none
    is, one can't be read, or a password would go over a network in the clear."""
    if not texts:
        raise InvalidInput(
            "Name the servers: cmdb scan databases postgresql://db1.example.org redis://db1:6379"
        )
    return tuple(dict.fromkeys(_target(text, has_password) for text in texts))


def _target(text: str, has_password: bool) -> Target:
    try:
        parts = urlsplit(text.strip())
        scheme, port = parts.scheme.lower(), parts.port
        password = parts.password is not None
    except ValueError:
        scheme, port, password, parts = "", None, False, urlsplit("")
    if password:
        raise InvalidInput(
            "A server's address must not have a password in it: say where it is, such as "
            "--set password=env:NAME."
        )
    if scheme not in ENGINES or not parts.hostname or parts.query or parts.fragment:
        raise InvalidInput(
            f"{text!r} is no server that can be asked: write postgresql://host:port/database, "
            "mysql://host:port or redis://host:port."
        )
    engine, usual = ENGINES[scheme]
    if engine == "redis" and scheme != "rediss" and has_password and not _near(parts.hostname):
        raise InvalidInput(
            f"{text} would send the password in the clear: write rediss:// and have the server "
            "speak TLS."
        )
    return Target(
        engine,
        parts.hostname,
        port or usual,
        unquote(parts.username or ""),
        unquote(parts.path.strip("/")),
        scheme == "rediss",
    )


def _near(host: str) -> bool:
    return host in LOOPBACK
