"""Whether the lab's daemons answer: asked for, never assumed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from tools.lab.lab import ROOT, Lab, LabFailed
from tools.lab.topology import Node

LLDP_REMOTE_NAMES = "1.0.8802.1.1.2.1.4.1.1.9"
FROM = "scan"
"""The node that asks."""


def wait(lab: Lab, seconds: float = 90) -> None:
    """Return once everything answers; raises LabFailed that names what did not in time."""
    until = time.monotonic() + seconds
    open_: dict[str, Callable[[], bool]] = {}
    for node in lab.topology.nodes:
        open_[f"snmpd and lldpd on {node.name}"] = _knows_neighbours(lab, node)
    open_["services"] = lambda: not silent(lab)
    while True:
        open_ = {what: answers for what, answers in open_.items() if not answers()}
        if not open_:
            return
        if time.monotonic() > until:
            break
        time.sleep(0.2)
    named = [what for what in open_ if what != "services"] + silent(lab)
    raise LabFailed(
        f"After {seconds:.0f} s these do not answer: {', '.join(named)}. What they say is in "
        f"{lab.folder}/*.log."
    )


def _knows_neighbours(lab: Lab, node: Node) -> Callable[[], bool]:
    """Whether a node's agent names the neighbours that its cables lead to."""

    def answers() -> bool:
        words = ["snmpwalk", "-v2c", "-c", lab.topology.snmp.community, "-t", "1", "-r", "0"]
        words += ["-Oqv", node.address, LLDP_REMOTE_NAMES]
        try:
            said = lab.run(FROM, *words)
        except LabFailed:
            return False
        names = sorted(line.strip().strip('"') for line in said.splitlines() if line.strip())
        return names == lab.topology.neighbours(node.name)

    return answers


def silent(lab: Lab) -> list[str]:
    """The services that do not answer when they are asked from the node ``scan``.

    Each as ``haproxy on web1 (10.99.0.11:80)``.
    """
    words = [sys.executable, str(ROOT / "tools/lab/probe.py")]
    asked = {
        f"{lab.topology.node(s.node).address}:{s.port}:{s.speaks}": s for s in lab.topology.services
    }
    answers = json.loads(lab.run(FROM, *words, *asked))
    return [
        f"{s.product} on {s.node} ({lab.topology.node(s.node).address}:{s.port})"
        for place, s in asked.items()
        if not answers[place]
    ]
