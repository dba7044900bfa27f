"""What BSD, macOS and AIX print, as a machine. Pure: text in, values out.

They keep a command's arguments in one line, in which a password with a space in it can't be told
from the name of a script: so of them no argument is read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from discovery.machine.payload import Machine, MachinePayload, Process
from discovery.ssh.interfaces import read_interfaces
from discovery.ssh.names import full_name, short_name
from discovery.ssh.output import Outputs, text_of
from discovery.ssh.sockets import read_sockets
from discovery.ssh.storage import read_mounts
from discovery.ssh.tables import table

_EPHEMERAL = (49152, 65535)
_FIELDS = {
    "manufacturer": "sys_vendor",
    "product_name": "product_name",
    "serial_number": "product_serial",
    "uuid": "product_uuid",
}
_ATTRIBUTE = re.compile(r"(?P<name>modelname|systemid)\s+(?P<value>\S+)")


def read_unix(outputs: Outputs) -> MachinePayload:
    """The machine that printed this."""
    return MachinePayload(
        machine=_machine(outputs),
        interfaces=read_interfaces(text_of(outputs, "interfaces"), frozenset(), {}),
        sockets=read_sockets(text_of(outputs, "sockets")),
        processes=tuple(_processes(text_of(outputs, "processes"))),
        mounts=read_mounts(outputs),
    )


def _machine(outputs: Outputs) -> Machine:
    words = text_of(outputs, "system").split()
    system, node, release, architecture = (*words, "", "", "", "")[:4]
    processors = text_of(outputs, "processors").strip()
    return Machine(
        hostname=short_name(node),
        fqdn=full_name(node, text_of(outputs, "name")),
        system=system,
        operating_system=system,
        operating_system_version=release,
        kernel=release,
        # AIX says a number of the machine itself where others say its architecture.
        architecture="" if system == "AIX" else architecture,
        cpu_count=int(processors) if processors.isdigit() else None,
        dmi=read_hardware(text_of(outputs, "hardware")),
        ephemeral_ports=_EPHEMERAL,
        root=text_of(outputs, "account").strip() == "0",
    )


def read_hardware(text: str) -> dict[str, str]:
    """The firmware's fields, as dmidecode or AIX's lsattr prints them."""
    attributes = {row["name"]: row["value"] for row in _ATTRIBUTE.finditer(text)}
    if attributes:
        vendor, _, model = attributes.get("modelname", "").partition(",")
        # The number has the maker and plant in front: IBM,02<plant and serial>.
        serial = attributes.get("systemid", "").partition(",")[2][2:]
        found = {"sys_vendor": vendor, "product_name": model, "product_serial": serial}
        return {name: value for name, value in found.items() if value}
    for row in table("dmidecode", text):
        if row.get("type") == 1:
            values = row.get("values") or {}
            return {field: str(values[name]) for name, field in _FIELDS.items() if values.get(name)}
    return {}


def _processes(text: str) -> Iterator[Process]:
    for line in text.splitlines():
        words = line.split(None, 3)
        if len(words) == 4 and words[0].isdigit() and words[1].isdigit():
            path = words[3].strip()
            yield Process(
                pid=int(words[0]),
                parent=int(words[1]),
                name=path.rpartition("/")[2],
                exe=path if path.startswith("/") else "",
                user=words[2],
            )
