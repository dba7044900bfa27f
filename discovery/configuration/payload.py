"""What configurations say of routes, names and certificates, and nothing else of what they hold."""

from __future__ import annotations

import msgspec


class Address(msgspec.Struct, frozen=True, omit_defaults=True, order=True):
    """Where something listens or is reached. ``host`` is empty where it is any address."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host or "*"
        return f"{host}:{self.port}"


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A server of a pool; a ``backup`` one is only used where the others are gone."""

    address: Address
    weight: float = 1.0
    backup: bool = False
    line: str = ""


class Pool(msgspec.Struct, frozen=True, omit_defaults=True):
    """Servers of which each can do the work."""

    name: str
    members: tuple[Member, ...] = ()


class Front(msgspec.Struct, frozen=True, omit_defaults=True):
    """What callers see: where it listens, the names it answers to, the pools that it leads to, and
    the files of its certificates."""

    name: str
    listens: tuple[Address, ...] = ()
    server_names: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()


class Routes(msgspec.Struct, frozen=True, omit_defaults=True):
    """One proxy's configuration. ``errors`` are sentences about lines that could not be read."""

    product: str
    file: str
    fronts: tuple[Front, ...] = ()
    pools: tuple[Pool, ...] = ()
    errors: tuple[str, ...] = ()


class FoundCertificate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A certificate. ``not_after`` is when it expires, in ISO 8601 and UTC."""

    path: str
    sha256: str
    subject: str
    issuer: str
    not_after: str
    names: tuple[str, ...] = ()


class FoundRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """All records of one name and type in a zone; ``targets`` are the names among the values."""

    name: str
    type: str
    values: tuple[str, ...]
    time_to_live: int
    targets: tuple[str, ...] = ()


class ConfigurationPayload(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that the targets of a run say."""

    targets: tuple[str, ...]
    routes: tuple[Routes, ...] = ()
    certificates: tuple[FoundCertificate, ...] = ()
    records: tuple[FoundRecord, ...] = ()
    errors: tuple[str, ...] = ()
