"""The demo company that NetBox's own makers publish, as their application would answer of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Row = dict[str, Any]
PATHS = {
    "dcim.region": "dcim/regions",
    "dcim.site": "dcim/sites",
    "dcim.location": "dcim/locations",
    "dcim.rack": "dcim/racks",
    "dcim.device": "dcim/devices",
    "dcim.interface": "dcim/interfaces",
    "dcim.powerport": "dcim/power-ports",
    "dcim.poweroutlet": "dcim/power-outlets",
    "dcim.powerfeed": "dcim/power-feeds",
    "dcim.powerpanel": "dcim/power-panels",
    "dcim.virtualchassis": "dcim/virtual-chassis",
    "ipam.ipaddress": "ipam/ip-addresses",
    "ipam.prefix": "ipam/prefixes",
    "virtualization.cluster": "virtualization/clusters",
    "virtualization.virtualmachine": "virtualization/virtual-machines",
    "virtualization.vminterface": "virtualization/interfaces",
    "circuits.circuit": "circuits/circuits",
    "tenancy.contact": "tenancy/contacts",
    "tenancy.contactassignment": "tenancy/contact-assignments",
}
NESTED = {
    "region": "dcim.region", "parent": "", "site": "dcim.site", "location": "dcim.location",
    "rack": "dcim.rack", "device": "dcim.device", "tenant": "tenancy.tenant",
    "platform": "dcim.platform", "virtual_chassis": "dcim.virtualchassis",
    "power_panel": "dcim.powerpanel", "cluster": "virtualization.cluster",
    "virtual_machine": "virtualization.virtualmachine", "provider": "circuits.provider",
    "contact": "tenancy.contact", "circuit": "circuits.circuit", "vrf": "ipam.vrf",
}  # fmt: skip
CHOICES = ("status", "type", "phase", "supply", "role")
ENDED = ("dcim.interface", "dcim.powerport", "dcim.poweroutlet")


class Demo:
    """The dump, and what its application makes of it."""

    def __init__(self, path: Path) -> None:
        self.objects: dict[str, dict[int, Row]] = {}
        for one in json.loads(gzip.decompress(path.read_bytes())):
            if "pk" in one:
                self.objects.setdefault(one["model"], {})[one["pk"]] = one["fields"]
        self._types = self._content_types()

    def lists(self) -> dict[str, list[Row]]:
        """All lists by path."""
        return {
            path: [self._row(model, number) for number in sorted(self.objects.get(model, {}))]
            for model, path in PATHS.items()
        }

    def destinations(self, model: str, number: int) -> list[tuple[str, int]]:
        """What the stored path of a port leads to; nothing where it is not complete."""
        path = self.objects["dcim.cablepath"].get(self.objects[model][number].get("_path") or 0)
        if not path or not path["is_complete"]:
            return []
        ends = [self._end(node) for node in path["path"][-1]]
        return [end for end in ends if end[0]]

    def neighbours(self, model: str, number: int) -> list[tuple[str, int]]:
        """What is at the other end of a port's own cable."""
        fields = self.objects[model][number]
        return [
            (".".join(end["termination_type"]), end["termination_id"])
            for end in self.objects["dcim.cabletermination"].values()
            if fields.get("cable") == end["cable"] and end["cable_end"] != fields["cable_end"]
        ]

    def _row(self, model: str, number: int) -> Row:
        row: Row = {"id": number, "display": self._name(model, number)}
        for field, value in self.objects[model][number].items():
            if field in CHOICES and isinstance(value, str):
                row[field] = {"value": value, "label": value} if value else None
            elif field in NESTED and isinstance(value, int):
                row[field] = self._brief(NESTED[field] or model, value)
            else:
                row[field] = value
        if model == "ipam.prefix" and row["vlan"]:
            vlan = self.objects["ipam.vlan"][row["vlan"]]
            row["vlan"] = {"id": row["vlan"], "vid": vlan["vid"], "name": vlan["name"]}
        if model == "dcim.device":
            row["device_role"] = self._brief("dcim.devicerole", row.pop("role"))
            row["device_type"] = self._device_type(row["device_type"])
        if model == "tenancy.contactassignment":
            row["content_type"] = ".".join(row["content_type"])
        if model in ENDED:
            row |= self._ends(model, number)
        return row

    def _device_type(self, number: int) -> Row:
        found = self.objects["dcim.devicetype"][number]
        maker = self._brief("dcim.manufacturer", found["manufacturer"])
        return {"id": number, "model": found["model"], "manufacturer": maker}

    def _ends(self, model: str, number: int) -> Row:
        """What NetBox says of a port's cable: what is next to it, and what is at its far end."""
        far, near = self.destinations(model, number), self.neighbours(model, number)
        return {
            "connected_endpoints": [self._far(*end) for end in far] or None,
            "connected_endpoints_type": far[0][0] if far else None,
            "link_peers": [self._far(*end) for end in near],
            "link_peers_type": near[0][0] if near else None,
        }

    def _far(self, model: str, number: int) -> Row:
        row = self._brief(model, number)
        for field in ("device", "circuit", "power_panel"):
            if isinstance(value := self.objects[model][number].get(field), int):
                row[field] = self._brief(NESTED[field], value)
        return row

    def _brief(self, model: str, number: int) -> Row:
        fields = self.objects[model][number]
        own = {"id": number, "display": self._name(model, number)}
        return own | {key: fields[key] for key in ("name", "slug") if key in fields}

    def _name(self, model: str, number: int) -> str:
        fields = self.objects[model][number]
        return str(fields.get("name") or fields.get("cid") or f"{model} {number}")

    def _end(self, node: str) -> tuple[str, int]:
        kind, _, number = node.partition(":")
        return self._types.get(kind, ""), int(number)

    def _content_types(self) -> dict[str, str]:
        """The models by their numbers in stored paths: a port's path begins with the port."""
        return {node.partition(":")[0]: m for m in ENDED for node in self._starts(m)}

    def _starts(self, model: str) -> Iterator[str]:
        paths = self.objects["dcim.cablepath"]
        for number, fields in self.objects.get(model, {}).items():
            if path := paths.get(fields.get("_path") or 0):
                yield next(node for node in path["path"][0] if node.endswith(f":{number}"))
