"""``python -m tools.lab VERB``: a small network of real daemons, to be scanned."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools.lab.lab import PREFIX, Lab, LabFailed
from tools.lab.ready import wait


def main() -> int:
    """Do what the arguments ask for; returns the exit status."""
    given = _arguments()
    lab = Lab(given.prefix, given.folder)
    try:
        if given.verb == "up":
            lab.up()
        if given.verb in ("up", "wait"):
            wait(lab, given.seconds)
            print(f"The lab is up; its nodes are {_nodes(lab)}, its SSH key {lab.key}.")
        elif given.verb == "down":
            lab.down()
        elif given.verb == "exec":
            command = lab.command(given.node, given.command)
            os.execvp(command[0], command)  # noqa: S606  # it becomes the program that was asked for
        else:
            _plug(lab, given.place, up=given.verb == "mend")
    except LabFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _nodes(lab: Lab) -> str:
    return ", ".join(f"{node.name} {node.address}" for node in lab.topology.nodes)


def _plug(lab: Lab, place: str, *, up: bool) -> None:
    node, _, port = place.partition(":")
    known = {n.name: n.ports for n in lab.topology.nodes}
    if node not in known or (port and port not in known[node]):
        raise LabFailed(f"There is no {place}: name a node, or one of its ports such as sw2:p1.")
    if port:
        lab.set_port(node, port, up=up)
    else:
        lab.set_node(node, up=up)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.lab", description=__doc__)
    parser.add_argument("--prefix", default=PREFIX, help="what its namespaces are called first")
    parser.add_argument("--folder", type=Path, help="where all it has is kept")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, text in (("up", "build it, and wait"), ("wait", "until everything answers")):
        one = verbs.add_parser(verb, help=text)
        one.add_argument("--seconds", type=float, default=90, help="how long to wait")
    verbs.add_parser("down", help="end its processes, remove its namespaces")
    run = verbs.add_parser("exec", help="run a command on a node")
    run.add_argument("node")
    run.add_argument("command", nargs=argparse.REMAINDER)
    for verb, text in (("cut", "pull a node's cables, or one"), ("mend", "plug them in again")):
        verbs.add_parser(verb, help=text).add_argument("place", help="such as sw2, or sw2:p1")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
