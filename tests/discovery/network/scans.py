"""nmap's XML, written for these tests in the shape that nmap 7.93 writes."""

from __future__ import annotations

ARGUMENTS = "nmap -sV -O --traceroute -oX /tmp/scan.xml 10.0.0.0/24"


def service(port: int, name: str, product: str = "", version: str = "", more: str = "") -> str:
    """An open TCP port that was asked."""
    told = f'product="{product}" ' if product else ""
    told += f'version="{version}" ' if version else ""
    cpe = f"<cpe>cpe:/a:v:{name}:{version}</cpe>" if version else ""
    return (
        f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack"/>'
        f'<service name="{name}" {told}{more} method="probed" conf="10">{cpe}</service></port>'
    )


def host(
    address: str, *ports: str, mac: str = "", name: str = "", more: str = "", state: str = "up"
) -> str:
    """A host, up unless said otherwise."""
    hardware = f'<address addr="{mac}" addrtype="mac" vendor="Dell"/>' if mac else ""
    called = f'<hostname name="{name}" type="PTR"/>' if name else ""
    return (
        f'<host starttime="1"><status state="{state}" reason="arp-response"/>'
        f'<address addr="{address}" addrtype="ipv4"/>{hardware}<hostnames>{called}</hostnames>'
        f"<ports>{''.join(ports)}</ports>{more}</host>"
    )


def guess(name: str, accuracy: int, kind: str = "general purpose") -> str:
    """A guessed operating system of Linux's family."""
    return (
        f'<os><osmatch name="{name}" accuracy="{accuracy}"><osclass type="{kind}" vendor="Linux" '
        f'osfamily="Linux" osgen="5.X" accuracy="{accuracy}"/></osmatch></os>'
    )


def way(*addresses: str) -> str:
    """The routers on the way; an empty address is one that stays silent."""
    hops = (
        f'<hop ttl="{at}" ipaddr="{address}" rtt="1.0"/>'
        for at, address in enumerate(addresses, 1)
        if address
    )
    return f"<trace>{''.join(hops)}</trace>"


def scan(*hosts: str, end: str = 'exit="success"', arguments: str = ARGUMENTS) -> bytes:
    """A whole file."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
        f'<nmaprun scanner="nmap" args="{arguments}" version="7.93">'
        '<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>'
        f"{''.join(hosts)}"
        f'<runstats><finished time="1" {end}/><hosts up="1" down="0" total="1"/></runstats>'
        "</nmaprun>\n"
    ).encode()
