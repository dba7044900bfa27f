"""What kind of configuration a text is, by what only that kind has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from discovery.configuration.apache import read_apache
from discovery.configuration.envoy import read_envoy
from discovery.configuration.haproxy import read_haproxy
from discovery.configuration.lines import Files
from discovery.configuration.nginx import read_nginx
from discovery.configuration.payload import Routes

READERS: Mapping[str, Callable[[Files, str], Routes]] = {
    "nginx": read_nginx,
    "haproxy": read_haproxy,
    "apache": read_apache,
    "envoy": read_envoy,
}
"""The reader of each kind of proxy's configuration."""

_SIGNS = (
    ("certificate", r"-----BEGIN CERTIFICATE-----"),
    ("envoy", r"(?m)^\s*\"?static_resources\"?\s*:"),
    ("haproxy", r"(?m)^\s*(?:frontend|backend|listen)[ \t]+[^\s;{]+[ \t]*(?:#.*)?$"),
    ("zone", r"(?im)^[^;\n]*\sSOA\s+\S+\s+\S+"),
    ("apache", r"(?im)^\s*(?:<VirtualHost\s|<Proxy\s|ProxyPass\s|LoadModule\s|ServerRoot\s)"),
    ("nginx", r"(?m)^\s*(?:server|http|upstream\s+\S+|stream|location\s[^{\n]*)\s*\{"),
    ("nginx", r"(?m)^\s*(?:proxy_pass|fastcgi_pass|uwsgi_pass)\s[^\n]*;"),
)
_MAIN = frozenset({"nginx.conf", "apache2.conf", "httpd.conf"})
"""What the file is called that includes the others of its folder."""
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _SIGNS)


def kind_of(text: str) -> str:
    """``nginx``, ``haproxy``, ``apache``, ``envoy``, ``zone``, ``certificate``, or empty."""
    return next((kind for kind, sign in _COMPILED if sign.search(text)), "")


def roots_of(files: Files, kind: str) -> list[str]:
    """The files that no other of the kind includes: each is a configuration of its own."""
    if kind not in ("nginx", "apache"):
        return sorted(files)
    main = [f for f in files if f.rpartition("/")[2] in _MAIN]
    if not main:
        return sorted(files)
    folders = tuple(f"{root.rpartition('/')[0]}/" for root in main)
    return sorted({*main, *(f for f in files if not f.startswith(folders))})
