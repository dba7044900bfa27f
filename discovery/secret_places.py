"""Where secrets are kept: the environment, a file, the keyring of the system, or Vault."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cmdb.errors import CmdbError
from discovery.extra import required

VAULT_TIMEOUT = 15
"""Seconds."""


def text_at(path: str) -> str:
    """The text of a file; raises ValueError where it can't be read."""
    try:
        return Path(path).expanduser().read_text("utf-8")
    except OSError as error:
        raise ValueError(f"The file {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError(f"The file {path} is not UTF-8 text.") from None


def _environment(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ValueError(f"The environment variable {name} is not set, or empty.")
    return value


def _file(path: str) -> str:
    value = text_at(path).strip()
    if not value:
        raise ValueError(f"The file {path} is empty.")
    return value


def _keyring(name: str) -> str:
    """The password that the system's keyring has for ``SERVICE/USER``."""
    service, slash, user = name.rpartition("/")
    if not slash or not service or not user:
        raise ValueError("Name the service and the user: keyring:SERVICE/USER.")
    keyring = _library("keyring", "keyring")
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise ValueError(f"The keyring can't be read: {error}.") from None
    if not value:
        raise ValueError(
            f"The keyring has nothing for {user} at {service}: keyring set {service} {user}"
        )
    return str(value)


def _vault(name: str) -> str:
    """A field of a secret in Vault's second key-value engine, at ``MOUNT/PATH#FIELD``.

    The server is that of VAULT_ADDR; the token is VAULT_TOKEN, or what ``vault login`` left.
    """
    path, hash_, key = name.partition("#")
    mount, slash, inner = path.partition("/")
    if not (hash_ and key and slash and mount and inner):
        raise ValueError("Name the mount, the path and the field: vault:secret/cmdb/desk#token.")
    address = os.environ.get("VAULT_ADDR", "")
    if not address:
        raise ValueError("VAULT_ADDR is not set: it is the address of the Vault server.")
    hvac = _library("hvac", "vault")
    client = hvac.Client(url=address, token=_vault_token(), timeout=VAULT_TIMEOUT)
    try:
        read: Any = client.secrets.kv.v2.read_secret_version(
            path=inner, mount_point=mount, raise_on_deleted_version=True
        )
        fields = read["data"]["data"]
    except hvac.exceptions.InvalidPath:
        raise ValueError(f"Vault has nothing at {path}.") from None
    except hvac.exceptions.Forbidden:
        raise ValueError(f"Vault does not let the token read {path}.") from None
    except (hvac.exceptions.VaultError, OSError, KeyError, TypeError, ValueError) as error:
        # What it says may quote the request: its kind is enough.
        raise ValueError(f"Vault at {address} can't be read: {type(error).__name__}.") from None
    if not fields.get(key):
        raise ValueError(f"What Vault has at {path} has no field {key!r}.")
    return str(fields[key])


def _vault_token() -> str:
    token = os.environ.get("VAULT_TOKEN", "")
    kept = Path.home() / ".vault-token"
    return token or (text_at(str(kept)).strip() if kept.exists() else "")


def _library(module: str, extra: str) -> Any:
    try:
        return required(module, extra)
    except CmdbError as error:
        raise ValueError(error.message) from None


PLACES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"env": _environment, "file": _file, "keyring": _keyring, "vault": _vault}
)
"""What reads a secret, by the word in front of the colon. Each raises ValueError with what would
be right."""
