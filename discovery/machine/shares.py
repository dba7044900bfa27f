"""File systems that other machines provide: NFS, CIFS and their like."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from cmdb.identity.identifiers import ip_identifier
from discovery.machine.payload import Mount

_NFS = re.compile(r"(?P<server>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<path>/\S*)")
_CIFS = re.compile(r"//(?P<server>[A-Za-z0-9._-]+)/(?P<path>\S+)")


@dataclass(frozen=True, slots=True)
class Share:
    """What a server gives others to mount."""

    server: str
    path: str

    def __str__(self) -> str:
        return f"{self.server}:{self.path}"


def share_of(mount: Mount) -> Share | None:
    """The share that is mounted; None where it is a device of the machine.

    >>> share_of(Mount("nas1.example.org:/srv/shop", "/srv/shop", "nfs4"))
    Share(server='nas1.example.org', path='/srv/shop')
    """
    found = _NFS.fullmatch(mount.device) or _CIFS.fullmatch(mount.device)
    if found is None:
        return None
    return Share(found["server"].strip("[]").lower(), found["path"])


def server_key(server: str, address_scope: str) -> str:
    """The identifier of the machine that is called by this address or name."""
    try:
        ipaddress.ip_address(server)
    except ValueError:
        return f"fqdn:{server}"
    return ip_identifier(server, address_scope)
