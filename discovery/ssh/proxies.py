"""Configurations and certificates on a machine: found, read there, and understood here."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable

from discovery.configuration.certificates import read_certificate
from discovery.configuration.payload import FoundCertificate, Routes
from discovery.configuration.recognise import READERS
from discovery.machine.payload import MachinePayload
from discovery.machine.products import product_of
from discovery.ssh.linux import arguments_of
from discovery.ssh.runner import Runner, named

FOLDERS = {
    "nginx": ("/etc/nginx",),
    "haproxy": ("/etc/haproxy",),
    "apache": ("/etc/apache2", "/etc/httpd"),
    "envoy": ("/etc/envoy",),
}
"""Where the configurations of each proxy usually are."""
ROOTS = {
    "nginx": ("/etc/nginx/nginx.conf",),
    "haproxy": ("/etc/haproxy/haproxy.cfg",),
    "apache": ("/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf"),
    "envoy": ("/etc/envoy/envoy.yaml", "/etc/envoy/envoy.json"),
}
"""What each starts from where its arguments do not say."""
OPTIONS = {
    "nginx": ("-c",),
    "haproxy": ("-f", "--"),
    "apache": ("-f",),
    "envoy": ("-c", "--config-path"),
}
"""The options of each that name what it starts from."""
CERTIFICATES = ("/etc/letsencrypt/live", "/etc/pki/tls/certs", "/etc/ssl/private")
"""Where certificates of the machine itself usually are."""
_AWK = (
    'FNR==1{p=0;print"==>",FILENAME,"<=="}/-----BEGIN/{p=0}/-BEGIN.CERTIFICATE-/{p=1}p{print}'
    "/-----END/{p=0}"
)
"""Prints the certificates of a file: a private key in the same file never leaves the machine."""
_HEADER = re.compile(r"(?:\A|\n)==> ([^\n]+) <==\n")
_PATH = re.compile(r"/[\w./+@:-]{1,300}")
_MOST = 400
"""Files that are read of one machine."""


async def read_proxies(
    runner: Runner, machine: MachinePayload, arguments: str
) -> tuple[tuple[Routes, ...], tuple[FoundCertificate, ...]]:
    """What the proxies that run on a machine say of their routes, and its certificates."""
    running = _running(machine, arguments)
    given = sorted({path for paths in running.values() for path in paths})
    folders = sorted({*(f for product in running for f in FOLDERS[product]), *_beside(given)})
    texts: dict[str, str] = {}
    if running:
        listed = await _listed(runner, [*folders, *given], ("*.conf", "*.cfg", "*.y*ml", "*.json"))
        links = await _listed(runner, folders, ("*-enabled/*",), test="-path")
        texts = await _texts(runner, [*listed, *links, *given])
    routes = [
        READERS[product]({p: t for p, t in texts.items() if not _foreign(p, product)}, root)
        for product, paths in sorted(running.items())
        for root in [p for p in (paths or ROOTS[product]) if p in texts][:1]
    ]
    named_files = {f for r in routes for front in r.fronts for f in front.certificates}
    certificates = await _certificates(runner, named_files)
    return tuple(routes), tuple(certificates)


def _beside(paths: Iterable[str]) -> set[str]:
    """The folders of those files, where includes are: not those that hold all sorts of things."""
    folders = {posixpath.dirname(path) for path in paths}
    return {folder for folder in folders if folder.count("/") > 1}


def _foreign(path: str, product: str) -> bool:
    return any(path.startswith(f) for p, fs in FOLDERS.items() if p != product for f in fs)


def _running(machine: MachinePayload, arguments: str) -> dict[str, list[str]]:
    """The proxies that run, and the files that their arguments say they start from."""
    found: dict[str, list[str]] = {}
    words = dict(arguments_of(arguments))
    for process in machine.processes:
        product = product_of(process).name
        if product in FOLDERS:
            paths = found.setdefault(product, [])
            told = words.get(process.pid, [])
            if len(told) == 1:  # nginx writes its arguments anew, as one
                told = told[0].split()
            for option, value in itertools.pairwise(told):
                if option in OPTIONS[product] and _PATH.fullmatch(value) and value not in paths:
                    paths.append(value)
    return found


async def _listed(
    runner: Runner, places: Iterable[str], patterns: Iterable[str], test: str = "-name"
) -> list[str]:
    """The files below places that fit; links count as what they lead to."""
    tests = [word for p in patterns for word in ("-o", test, p)][1:]
    wanted = sorted(set(places))
    if not wanted:
        return []
    more = [*wanted, "-maxdepth", "4", "-type", "f", "-size", "-1024k", "(", *tests, ")", "-print"]
    output = await runner.run(named("files"), more)
    return [line for line in output.text.splitlines() if _PATH.fullmatch(line)][:_MOST]


async def _texts(runner: Runner, paths: Iterable[str]) -> dict[str, str]:
    wanted = list(dict.fromkeys(p for p in paths if _PATH.fullmatch(p)))[:_MOST]
    if not wanted:
        return {}
    # One more that is always empty: head names the files only where there are several.
    output = await runner.run(named("configuration"), ["/dev/null", *wanted])
    pieces = _HEADER.split(output.text)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


async def _certificates(runner: Runner, named_files: set[str]) -> list[FoundCertificate]:
    """The certificates that configurations name, and those in the usual places."""
    given = sorted(f for f in named_files if _PATH.fullmatch(f))
    files = await _listed(runner, [*given, *CERTIFICATES], ("*.pem", "*.crt", "*.cer"))
    wanted = sorted({*given, *files})[:_MOST]
    if not wanted:
        return []
    each = ["-maxdepth", "0", "-type", "f", "-exec", "awk", _AWK, "{}", ";"]
    output = await runner.run(named("certificates"), [*wanted, *each])
    pieces = _HEADER.split(output.text)
    found = [read_certificate(t, p) for p, t in zip(pieces[1::2], pieces[2::2], strict=True)]
    return [one for one in found if one is not None]
