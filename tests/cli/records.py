"""Observations as lines of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cmdb.cli.main import run_main


def server(name: str, *more: str, **properties: Any) -> dict[str, Any]:
    """A server that has its name for serial number."""
    item = {"kind": "Server", "identifiers": [f"serial:{name}", *more]}
    return {"item": {**item, "properties": {"name": name, **properties}}}


def link(relation: str, one: str, other: str, **more: Any) -> dict[str, Any]:
    """A link between two such."""
    return {
        "link": {"relation": relation, "from": f"serial:{one}", "to": f"serial:{other}", **more}
    }


def load(path: Path, *records: dict[str, Any]) -> int:
    """The exit status of importing the records, by way of a file."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return run_main(["import", str(path)])
