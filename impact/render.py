"""Answers as sentences, and as trees of plain data that a terminal or a page can draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from impact.answer import Affected, BlastRadius, ServiceReached
from impact.explain import Explanation, ProofMember, ProofStep
from impact.states import StateName

SIBLINGS = 5
"""How many alike are shown one by one before they are drawn as one."""


@dataclass(slots=True)
class Node:
    """One line of a tree, in parts so that whoever draws it can colour them.

    ``count`` items stand behind it. One has its ``id`` and ``name``; several alike have neither.
    ``reason`` is how the failure gets from the parent to here (the relation, and the gate if it has
    a name); ``note`` is what else there is to say, or empty.
    """

    kind: str
    state: StateName
    reason: str = ""
    id: str | None = None
    name: str | None = None
    count: int = 1
    note: str = ""
    children: list[Node] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The line as plain text: ``Server web1 down (RUNS_ON)`` or ``14 Server down``."""
        who = f"{self.kind} {self.name}" if self.name is not None else f"{self.count} {self.kind}"
        parts = [f"{who} {spoken(self.state)}"]
        if self.reason:
            parts.append(f"({self.reason})")
        if self.note:
            parts.append(f"- {self.note}")
        return " ".join(parts)


def spoken(state: StateName) -> str:
    """A state as a sentence has it: ``at risk``."""
    return state.replace("_", " ")


def sentence(answer: BlastRadius) -> str:
    """The answer in two or three sentences: what fails, how much of what goes with it, the service
    that suffers most and why, and whom to call. Plain text."""
    if not answer.failed:
        return "Nothing failed, so nothing is affected."
    names = {row.id: row for row in answer.affected}
    said = f"{_failed(answer, names)}: {_counted(answer)}."
    if answer.services:
        said += f" {_service(answer.services[0], names)}."
    if answer.owners:
        first = answer.owners[0]
        contact = f" ({first.contact})" if first.contact else ""
        said += f" Call {first.kind} {first.name}{contact}."
    return said


def _failed(answer: BlastRadius, rows: dict[str, Affected]) -> str:
    if len(answer.failed) > 3:
        return f"{len(answer.failed)} items fail"
    known = [rows.get(item) for item in answer.failed]
    names = [f"{r.kind} {r.name}" if r else i for r, i in zip(known, answer.failed, strict=True)]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} {'fails' if len(names) == 1 else 'fail'}"


def _counted(answer: BlastRadius) -> str:
    """How many items are in which state, the failed ones included."""
    counts = answer.counts
    if counts.down + counts.degraded + counts.at_risk == len(answer.failed):
        return "nothing else is affected"
    verbs = (
        (counts.down, "goes down", "go down"),
        (counts.degraded, "degrades", "degrade"),
        (counts.at_risk, "is at risk", "are at risk"),
    )
    parts = [f"{count} {one if count == 1 else several}" for count, one, several in verbs if count]
    if len(parts) > 1:
        parts = [", ".join(parts[:-1]), parts[-1]]
    with_it = "it" if len(answer.failed) == 1 else "them"
    first, *more = " and ".join(parts).split(" ", 1)
    noun = "item" if first == "1" else "items"
    return " ".join([f"counted with {with_it},", first, noun, *more])


def _service(service: ServiceReached, rows: dict[str, Affected]) -> str:
    who = f"{service.kind} {service.name}"
    if service.criticality:
        who += f" ({service.criticality})"
    said = f"{who} is {spoken(service.state)}"
    row = rows.get(service.id)
    if row is None or row.because is None:
        return said
    source = rows.get(row.because.from_id)
    if source is not None:
        said += f" because {source.kind} {source.name} is {spoken(source.state)}"
    root = rows.get(row.path[0])
    if root is not None and root is not source:
        said += f", {row.distance} steps from {root.kind} {root.name}"
    return said


def reason(row: Affected) -> str:
    """How the failure got to an affected item, in a word or two; empty where it failed itself."""
    if row.because is None:
        return ""
    relation = row.because.link.split(":", 1)[0]
    if row.because.devices:
        return "unreachable"
    return f"{relation}, gate {row.because.gate}" if row.because.gate else relation


def tree(answer: BlastRadius, *, siblings: int = SIBLINGS) -> list[Node]:
    """The affected items as trees, each under the item that its state comes from.

    The roots are the failed items. More than ``siblings`` under one parent that are alike in kind,
    state and reason become one node with a count, and what hangs under them is put together in the
    same way. Every affected item of the answer is behind exactly one node. O(affected).
    """
    under: dict[str | None, list[Affected]] = defaultdict(list)
    there = {row.id for row in answer.affected}
    for row in answer.affected:
        above = row.because.from_id if row.because else None
        under[above if above in there else None].append(row)
    roots: list[Node] = []
    waiting = [(roots, under[None])]
    while waiting:
        nodes, rows = waiting.pop()
        groups: dict[tuple[str, str, str], list[Affected]] = defaultdict(list)
        for row in rows:
            groups[row.kind, row.state, reason(row)].append(row)
        for group in groups.values():
            stacks = [group] if len(group) > siblings else [[row] for row in group]
            for stack in stacks:
                node = _node(stack)
                nodes.append(node)
                below = [row for one in stack for row in under.get(one.id, ())]
                if below:
                    waiting.append((node.children, below))
    return roots


def _node(stack: Sequence[Affected]) -> Node:
    first = stack[0]
    node = Node(kind=first.kind, state=first.state, reason=reason(first), count=len(stack))
    if len(stack) == 1:
        node.id, node.name = first.id, first.name
        if first.because is not None and len(first.because.devices) > 1:
            node.note = f"cut off by {len(first.because.devices)} devices"
    return node


def proof_tree(explanation: Explanation) -> Node:
    """The proof as a tree: under each item the failed members that its state rests on.

    An item that several rest on is drawn out once and noted ``see above`` after that; a failed
    member that the proof does not need is drawn without its own proof. O(steps and members).
    """
    if not explanation.steps:
        return _proof_leaf(explanation, "nothing that failed reaches it")
    steps = {step.id: step for step in explanation.steps}
    drawn = {explanation.id}
    first = steps[explanation.id]
    root = _proof_node(first)
    waiting = [(root, member) for member in reversed(first.failed)]
    while waiting:
        parent, member = waiting.pop()
        step = steps.get(member.id) if member.proven else None
        if step is None:
            note = "not shown" if member.proven else "fails later or for the same reason"
            parent.children.append(_proof_leaf(member, note))
        elif member.id in drawn:
            parent.children.append(_proof_leaf(member, "see above"))
        else:
            drawn.add(member.id)
            node = _proof_node(step)
            parent.children.append(node)
            waiting.extend((node, below) for below in reversed(step.failed))
    return root


def _proof_leaf(item: Explanation | ProofMember, note: str) -> Node:
    return Node(kind=item.kind, state=item.state, id=item.id, name=item.name, note=note)


def _proof_node(step: ProofStep) -> Node:
    node = Node(kind=step.kind, state=step.state, id=step.id, name=step.name)
    if step.how == "given":
        node.note = "failed itself"
    elif step.how == "network":
        node.reason = "network"
        node.note = "unreachable" if step.state == "down" else "one of its devices is down"
    else:
        node.reason = f"gate {step.gate}" if step.gate else step.relation or ""
        if step.gate:
            node.note = f"{step.left} of {step.total} left, {step.needed} needed"
        elif step.soft:
            node.note = "soft"
    return node
