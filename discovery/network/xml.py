"""nmap's XML, read host by host. It comes from elsewhere, so it declares nothing here: no entity,
no file beside it, and no document larger in memory than what it says of one host."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, TreeBuilder  # builds; expat reads, below
from xml.parsers import expat  # refuses declarations of entities, below

from cmdb.errors import InvalidInput
from discovery.network.payload import Hop, NetworkHost, NetworkPayload, OsGuess, Service

MAX_DEPTH = 64
MAX_HOST = 16 * 1024 * 1024
"""Bytes of XML about one host."""
_OUTPUT = re.compile(r"\s(?:-o[XNGSAM]|--stylesheet|--stats-every|--resume)\s+\S+|\s-v+\b|\s-d+\b")
_SECRET = re.compile(
    r'\s"?(?:--script-args(?:-file)?|--proxy|--proxies)[\s=]'
    r'(?:"(?:\\.|[^"\\])*"|[^\s"]*(?:"(?:\\.|[^"\\])*")?\S*)'
)
_JUNK = frozenset({"tcpwrapped"})
HOW = "nmap writes it with -oX FILE"


class XmlReader:
    """Takes nmap's XML piece by piece. ``name`` is what errors call it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._hosts: list[NetworkHost] = []
        self._arguments = ""
        self._finished = self._port_scan = False
        self._nameless = 0
        self._path: list[str] = []
        self._builder: TreeBuilder | None = None
        self._began = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = self._entity
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, data: bytes) -> None:
        """Read on. Raises :class:`~cmdb.errors.InvalidInput` where it is not nmap's XML."""
        self._parse(data, last=False)

    def close(self, *, cut: bool = False) -> NetworkPayload:
        """What was read. Raises :class:`~cmdb.errors.InvalidInput` where the root is not there.

        A file that ends too early is what it has, and not finished; so is one that was ``cut``.
        """
        try:
            if not cut:
                self._parse(b"", last=True)
        except CutShort:
            self._finished = False
        if not self._arguments and not self._hosts and not self._finished:
            raise InvalidInput(f"{self._name} is not a scan of nmap; {HOW}.")
        return NetworkPayload(
            self._name,
            self._arguments,
            tuple(self._hosts),
            finished=self._finished and not cut,
            port_scan=self._port_scan,
            nameless=self._nameless,
        )

    def _parse(self, data: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            if last and self._path:
                raise CutShort from None
            said = expat.ErrorString(error.code)
            raise InvalidInput(
                f"{self._name}, line {error.lineno}: this is no XML ({said}); {HOW}."
            ) from None
        if self._builder and self._parser.CurrentByteIndex - self._began > MAX_HOST:
            raise InvalidInput(
                f"{self._name} says more than {MAX_HOST // 2**20} MiB of one host; it is not read."
            )

    def _entity(self, *_: object) -> None:
        raise InvalidInput(
            f"{self._name} declares entities, which nmap never does; it is not read."
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path and tag != "nmaprun":
            raise InvalidInput(f"{self._name} is not a scan of nmap (its root is {tag}); {HOW}.")
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH:
            raise InvalidInput(f"{self._name} is nested too deeply for a scan of nmap.")
        if len(self._path) == 1:
            self._arguments = _plain_arguments(attributes.get("args", ""))
        elif self._path == ["nmaprun", "host"]:
            self._builder = TreeBuilder()
            self._began = self._parser.CurrentByteIndex
        elif self._path == ["nmaprun", "scaninfo"]:
            self._port_scan = True
        elif self._path == ["nmaprun", "runstats", "finished"]:
            self._finished = attributes.get("exit", "success") == "success"
        if self._builder:
            self._builder.start(tag, attributes)

    def _text(self, text: str) -> None:
        if self._builder:
            self._builder.data(text)

    def _end(self, tag: str) -> None:
        if self._builder:
            self._builder.end(tag)
            if len(self._path) == 2:
                found = _host(self._builder.close())
                self._builder = None
                if found and found.addresses:
                    self._hosts.append(found)
                elif found:
                    self._nameless += 1
        self._path.pop()


class CutShort(Exception):
    """The XML ends before its root does."""


def read_pieces(pieces: Iterable[bytes], name: str) -> NetworkPayload:
    """The scan in a file's pieces; raises :class:`~cmdb.errors.InvalidInput`."""
    reader = XmlReader(name)
    for piece in pieces:
        reader.feed(piece)
    return reader.close()


def _plain_arguments(arguments: str) -> str:
    """What was scanned and how: without the program's place, where its output went, and what its
    scripts and proxies were given, which may be passwords."""
    rest = arguments.partition(" ")[2]
    return " ".join(_SECRET.sub("", _OUTPUT.sub("", f" {rest}")).split())


def _host(element: Element) -> NetworkHost | None:
    """The host, where it is up."""
    status = element.find("status")
    if status is None or status.get("state") != "up":
        return None
    addresses = [a for a in element.findall("address") if a.get("addr")]
    hardware = next((a for a in addresses if a.get("addrtype") == "mac"), None)
    ports = [p for p in element.findall("ports/port") if _state(p) == "open"]
    wrapped = [p for p in ports if _attribute(p, "service", "name") in _JUNK]
    reached = [a.get("addr", "") for a in addresses if a.get("addrtype") in ("ipv4", "ipv6")]
    return NetworkHost(
        addresses=tuple(a for a in reached if _is_address(a)),
        mac=(hardware.get("addr", "") if hardware is not None else "").lower(),
        mac_vendor=hardware.get("vendor", "") if hardware is not None else "",
        names=tuple(
            dict.fromkeys(
                h.get("name", "")
                for h in element.findall("hostnames/hostname")
                if h.get("name") and h.get("type", "PTR") == "PTR"
            )
        ),
        services=tuple(_service(p) for p in ports if p not in wrapped),
        os=_os(element),
        hops=tuple(_hops(element)),
        timed_out=element.get("timedout") == "true",
        wrapped=len(wrapped),
    )


def _state(port: Element) -> str:
    return _attribute(port, "state", "state")


def _attribute(element: Element, child: str, name: str) -> str:
    found = element.find(child)
    return found.get(name, "") if found is not None else ""


def _service(port: Element) -> Service:
    service = port.find("service")
    if service is None:
        service = Element("service")
    cpes = tuple(c.text.strip() for c in service.findall("cpe") if c.text and c.text.strip())
    return Service(
        protocol=port.get("protocol", "tcp"),
        port=_number(port.get("portid")),
        name=service.get("name", ""),
        product=service.get("product", ""),
        version=service.get("version", ""),
        recognised=not service.get("servicefp") or any(c.startswith("cpe:/a") for c in cpes),
        probed=service.get("method") == "probed",
        tunnel=service.get("tunnel", ""),
        cpes=cpes,
    )


def _os(element: Element) -> OsGuess | None:
    guesses = [(_number(m.get("accuracy")), m) for m in element.findall("os/osmatch")]
    if not guesses:
        return None
    accuracy, match = max(guesses, key=lambda guess: guess[0])
    found = match.find("osclass")
    if found is None:  # before nmap 6 the classes stood beside the match
        found = element.find("os/osclass")
    kind = found if found is not None else Element("osclass")
    return OsGuess(
        name=match.get("name", ""),
        accuracy=accuracy,
        family=kind.get("osfamily", ""),
        generation=kind.get("osgen", ""),
        vendor=kind.get("vendor", ""),
        type=kind.get("type", ""),
    )


def _hops(element: Element) -> Iterable[Hop]:
    for hop in element.findall("trace/hop"):
        if _is_address(hop.get("ipaddr", "")):
            yield Hop(_number(hop.get("ttl")), hop.get("ipaddr", ""), hop.get("host", ""))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
