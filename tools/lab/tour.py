"""``python -m tools.lab.tour``: what the impact analysis says of the lab, against what happens.

It starts a lab, scans it from its node ``scan``, asks what fails with a switch, pulls that switch's
cables, and compares: exit status 0 where exactly the predicted services went dark, else 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tools.lab.lab import ROOT, Lab, LabFailed
from tools.lab.ready import FROM, answering, wait

PREFIX = "cmdb-tour-"
COMMUNITY = "LAB_COMMUNITY"
"""The environment variable that tells the scan how the lab's agents are asked."""
SCAN_SECONDS = 300


class Service(NamedTuple):
    """A service that the scans found: its item, its name, and where it listens."""

    item: str
    name: str
    place: str


class Outcome(NamedTuple):
    """A service, whether it was said to go down, and whether it really went dark."""

    service: Service
    predicted: bool
    dark: bool


def scans(lab: Lab) -> list[list[str]]:
    """What is scanned, in this order: each the arguments of ``cmdb scan``."""
    nodes = [node.address for node in lab.topology.nodes]
    ports = ",".join(str(port) for port in sorted({s.port for s in lab.topology.services}))
    return [
        ["network", *nodes, "--set", f"ports={ports}"],
        ["snmp", *nodes, "--set", f"community=env:{COMMUNITY}"],
        # Who else is connected at that moment is left to chance: the one that asks, for one.
        ["ssh", *(f"root@{a}" for a in lab.hosts), *ssh_settings(lab), "--set", "clients=false"],
    ]


def ssh_settings(lab: Lab) -> list[str]:
    """What a scan over SSH must be told: the lab's key and hosts, and nothing of this machine's."""
    given = (f"keys={lab.key}", f"known_hosts={lab.known_hosts}", "agent=false")
    return [word for one in given for word in ("--set", one)]


def scan(lab: Lab, store: Path, only: str = "") -> list[str]:
    """Fill the store from the lab, as somebody at its node ``scan`` would; by one source alone
    where it is named.

    First everything is called, as it would be in use: who is connected to whom shows only where
    somebody is, and cables only where neighbours know each other. Returns what each scan printed.
    """
    wait(lab)
    cmdb = str(Path(sys.executable).with_name("cmdb"))
    told = f"{COMMUNITY}={lab.topology.snmp.community}"
    said = []
    for arguments in scans(lab):
        if only not in ("", arguments[0]):
            continue
        words = [cmdb, "scan", *arguments, "--store", f"sqlite:///{store}"]
        said.append(lab.run(FROM, "env", told, *words, seconds=SCAN_SECONDS))
    return said


def services(store: Path) -> list[Service]:
    """All services that the scans found, by where they listen."""
    found = []
    for item in asked(store, "items", "--limit", "1000")["items"]:
        for key in item["identifiers"]:
            if key.startswith("endpoint:default/tcp/"):
                found.append(Service(item["id"], item["name"], key.rpartition("/")[2]))
    return sorted(found, key=lambda service: service.place)


def predicted_down(store: Path, item: str) -> set[str]:
    """The ids of all items that the impact analysis says go down with one."""
    affected = asked(store, "impact", item)["affected"]
    return {one["id"] for one in affected if one["state"] == "down"}


def compare(lab: Lab, store: Path, cut: str) -> list[Outcome]:
    """Pull all cables of a node; what was said to go down beside what goes dark.

    The cables are plugged in again, and the lab is as it was. Raises LabFailed where a service
    that was found does not answer before, or does not come back.
    """
    found = services(store)
    places = [service.place for service in found]
    said = predicted_down(store, cut)
    before = answering(lab, places)
    if silent := [s.name for s in found if s.place not in before]:
        raise LabFailed(f"These do not answer before anything is pulled: {', '.join(silent)}.")
    lab.set_node(cut, up=False)
    try:
        after = answering(lab, places)
    finally:
        lab.set_node(cut, up=True)
    wait(lab)
    return [Outcome(s, s.item in said, s.place not in after) for s in found]


def table(outcomes: list[Outcome]) -> str:
    """The outcomes, a line each, and their sum."""
    head = ("service", "address", "impact says", "really", "")
    rows = [
        (
            one.service.name,
            one.service.place,
            "down" if one.predicted else "up",
            "dark" if one.dark else "answers",
            "" if one.predicted == one.dark else "DIFFERS",
        )
        for one in outcomes
    ]
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    lines = [
        "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True))
        for row in (head, *rows)
    ]
    dark = sum(one.dark for one in outcomes)
    wrong = differing(outcomes)
    lines += ["", f"{dark} of {len(outcomes)} services went dark; {wrong} otherwise than was said."]
    return "\n".join(line.rstrip() for line in lines)


def differing(outcomes: list[Outcome]) -> int:
    """How many services did otherwise than was said."""
    return sum(one.predicted != one.dark for one in outcomes)


def asked(store: Path, *words: str) -> dict[str, Any]:
    """What ``cmdb`` answers, as JSON."""
    command = [str(Path(sys.executable).with_name("cmdb")), *words]
    done = subprocess.run(
        [*command, "--json", "--store", f"sqlite:///{store}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    if done.returncode:
        raise LabFailed(f"cmdb {' '.join(words)}: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


def main() -> int:
    """Do the whole tour; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.lab.tour", description=__doc__)
    parser.add_argument("--cut", default="sw2", help="the switch whose cables are pulled")
    cut = parser.parse_args().cut
    lab = Lab(PREFIX)
    try:
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder) / "lab.db"
            print("Starting the lab.", flush=True)
            lab.up()
            wait(lab)
            print(f"Scanning it by {', '.join(words[0] for words in scans(lab))}.", flush=True)
            scan(lab, store)
            print(f"Asking what fails with {cut}, then pulling its cables.\n", flush=True)
            outcomes = compare(lab, store, cut)
    except LabFailed as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        lab.down()
    print(table(outcomes))
    return int(differing(outcomes) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
