"""Verbs that ask the graph: impact, dependencies, path."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.comparison import print_comparison, print_dependencies_comparison
from cmdb.cli.output import (
    STATE_STYLE,
    console,
    json_text,
    plural,
    print_json,
    print_table,
    say,
    styled,
)
from cmdb.cli.run import JsonOption, LimitOption, OffsetOption, StoreOption, with_cmdb
from cmdb.cli.viewpoint import NO_VIEW, CompareOption, ViewOptions, with_view

if TYPE_CHECKING:
    from cmdb.service import Cmdb


class PictureFormat(StrEnum):
    """What a picture of the answer is written as."""

    dot = "dot"
    mermaid = "mermaid"
    svg = "svg"
    json = "json"


class FailureState(StrEnum):
    """How badly the named items fail."""

    down = "down"
    degraded = "degraded"


_SYMMETRIC = ("LINKED_TO",)
"""Relations whose links have no direction to show."""


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("impact")(with_view(impact))
    app.command("dependencies")(with_view(dependencies))
    app.command("path")(with_view(path))


def impact(
    items: Annotated[
        list[str], typer.Argument(help="What fails: ids, identifiers or unique names.")
    ],
    state: Annotated[
        FailureState, typer.Option("--state", help="How badly it fails.")
    ] = FailureState.down,
    explain: Annotated[
        str | None,
        typer.Option("--explain", help="Prove why this item is affected.", metavar="ITEM"),
    ] = None,
    view: ViewOptions = NO_VIEW,
    compare: CompareOption = None,
    drawn: Annotated[
        PictureFormat | None,
        typer.Option("--format", help="Print a picture instead, in this language."),
    ] = None,
    limit: LimitOption = 1000,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What breaks if these items fail, and why.

    Example: cmdb impact dc1-r03-acc-sw1
    """
    others = [o for o, given in (("--explain", explain), ("--compare", compare)) if given]
    others += ["--format"] if drawn else []
    if len(others) > 1:
        raise typer.BadParameter(f"can't be combined with {others[0]}", param_hint=others[1])
    if drawn and as_json:
        raise typer.BadParameter("can't be combined with --format", param_hint="--json")

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.analysis import analyse_failure, compare_impact
        from impact import answer, failure
        from impact.explain import explain as prove

        how, seen = failure(state.value), view.viewpoint()
        page: Any = {"limit": limit, "offset": offset}
        if compare:
            return await compare_impact(cmdb, items, compare, how, seen, **page), None
        analysis = await analyse_failure(cmdb, items, how, seen)
        if drawn:
            return _drawing(analysis, drawn), None
        proof = None
        if explain:
            proof = prove(analysis, await seen.find_in(cmdb, analysis.estate, explain))
        return answer(analysis, **page, second_run=True), proof

    found, proof = with_cmdb(store, work)
    if drawn:
        sys.stdout.write(found)
        return 0
    if as_json:
        print_json(proof if proof is not None else found)
    else:
        view.say_supposed()
        _print_found(found, proof, is_comparison=compare is not None, offset=offset)
    return 0


def _print_found(found: Any, proof: Any, *, is_comparison: bool, offset: int) -> None:
    if proof is not None:
        _print_proof(proof)
    elif is_comparison:
        print_comparison(found)
    else:
        _print_impact(found, offset)


def _drawing(analysis: Any, language: PictureFormat) -> str:
    """The picture of an analysis in a language, ending in a line break."""
    from impact import answer
    from impact.picture import picture
    from impact.picture_dot import picture_dot
    from impact.picture_mermaid import picture_mermaid
    from impact.picture_svg import picture_svg
    from impact.render import sentence

    made, title = picture(analysis), sentence(answer(analysis))
    if language is PictureFormat.json:
        estate = analysis.estate
        point = {"revision": estate.revision, "as_of": estate.as_of, "sentence": title}
        return json_text({**point, "boxes": made.boxes, "edges": made.edges})
    write = {"dot": picture_dot, "mermaid": picture_mermaid, "svg": picture_svg}[language.value]
    return write(made, title)


def _print_impact(found: Any, offset: int) -> None:
    from impact.render import sentence, tree

    say(f"From row {offset + 1} on:" if offset else sentence(found), "bold")
    drawing = _tree("")
    for node in tree(found):
        _grow(drawing, node)
    console().print(drawing)
    if found.services:
        print_table(
            ("service", "state", "criticality"),
            [
                (f"{s.kind} {s.name}", styled(s.state, STATE_STYLE[s.state]), s.criticality or "")
                for s in found.services[:20]
            ],
        )
        _more(_total(found, "services") - offset, 20, "service")
    if found.gates_held:
        print_table(
            ("held", "gate", "left"),
            [
                (f"{g.kind} {g.name}", g.gate, f"{g.up:g} of {g.total:g}, {g.needed:g} needed")
                for g in found.gates_held[:10]
            ],
        )
        _more(_total(found, "gates_held") - offset, 10, "gate")
    if found.owners:
        print_table(
            ("call", "owns", "supports", "contact"),
            [(o.name, o.owns, o.supports, o.contact or "") for o in found.owners[:10]],
        )
        _more(_total(found, "owners") - offset, 10, "owner")
    if found.weak_evidence:
        say(f"Rests on weak evidence ({_total(found, 'weak_evidence')}):")
        for weak in found.weak_evidence[:5]:
            say(f"  {weak.sentence}")
        _print_second_run(found.without_weak_evidence)
    counts = found.counts
    say(
        f"{counts.down} down, {counts.degraded} degraded, {counts.at_risk} at risk "
        f"(revision {found.revision})"
    )
    if found.truncated:
        say("Lists are cut at --limit; the counts are of everything.")


def _print_second_run(second: Any) -> None:
    if second is None:
        return
    if not second.differs:
        say("Without it the answer would be the same.")
        return
    say(f"Without it the answer would differ: {second.worse} worse, {second.better} better.")
    for change in second.changes[:5]:
        before, after = (state.replace("_", " ") for state in (change.before, change.after))
        say(f"  {change.kind} {change.name}: {after} instead of {before}")
    _more(second.worse + second.better, 5, "item")


def _total(found: Any, rows: str) -> int:
    """How many rows there are in all, where the answer has only some of them."""
    totals = found.totals
    return int(getattr(totals, rows)) if totals is not None else len(getattr(found, rows))


def _more(total: int, shown: int, noun: str) -> None:
    if total > shown:
        say(f"… and {plural(total - shown, f'more {noun}')}")


def _print_proof(proof: Any) -> None:
    from impact.render import proof_tree

    drawing = _tree(f"Why {proof.kind} {proof.name} is {proof.state.replace('_', ' ')}")
    _grow(drawing, proof_tree(proof))
    console().print(drawing)
    if proof.truncated:
        say("The proof is cut; give --limit.")


def _tree(label: str) -> Any:
    from rich.tree import Tree

    return Tree(label, hide_root=not label)


def _grow(parent: Any, root: Any) -> None:
    """Add a node and all below it, without recursion: chains can be long."""
    pending = [(parent, root)]
    while pending:
        above, node = pending.pop()
        branch = above.add(_label(node))
        pending.extend((branch, child) for child in reversed(node.children))


def _label(node: Any) -> Any:
    label = styled(node.state.replace("_", " ").upper(), STATE_STYLE[node.state])
    many = f"{node.count} x {node.kind}" if node.count > 1 else f"{node.kind} {node.name or ''}"
    label.append(f" {many.rstrip()}", style="default")
    for extra in (node.reason, node.note):
        if extra:
            label.append(f"  {extra}", style="dim")
    return label


def dependencies(
    item: Annotated[str, typer.Argument(help="An id, an identifier or a unique name.")],
    reverse: Annotated[
        bool, typer.Option("--reverse", help="What rests on it, instead of what it rests on.")
    ] = False,
    depth: Annotated[int | None, typer.Option("--depth", min=1, help="Steps at most.")] = None,
    compare: CompareOption = None,
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 200,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What an item rests on, directly and further down.

    Example: cmdb dependencies checkout@production --depth 2
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.analysis import compare_dependencies_since, find_dependencies

        seen = view.viewpoint()
        given: Any = {"reverse": reverse, "depth": depth, "limit": limit, "offset": offset}
        if compare:
            return await compare_dependencies_since(cmdb, item, compare, seen, **given)
        return await find_dependencies(cmdb, item, seen, **given)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    view.say_supposed()
    if compare:
        print_dependencies_comparison(found)
        return 0
    verb = "is what these rest on" if reverse else "rests on these"
    say(f"{found.kind} {found.name} {verb}:", "bold")
    print_table(
        ("steps", "item", "by", "gate", "strength"),
        [
            (d.depth, f"{d.kind} {d.name}", d.relation, d.gate or "", d.strength)
            for d in found.items
        ],
    )
    say(f"{len(found.items)} of {plural(found.total, 'item')}")
    return 0


def path(
    start: Annotated[str, typer.Argument(help="An id, an identifier or a unique name.")],
    end: Annotated[str, typer.Argument(help="The same, for the other end.")],
    view: ViewOptions = NO_VIEW,
    limit: LimitOption = 3,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """How two items are connected: the shortest ways.

    Example: cmdb path checkout@production dc1-core-sw1
    """

    async def work(cmdb: Cmdb) -> Any:
        from cmdb.analysis import find_ways

        return await find_ways(cmdb, start, end, view.viewpoint(), limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0 if found.paths else 1
    view.say_supposed()
    if not found.paths:
        say("They are not connected.")
        return 1
    for number, way in enumerate(found.paths, 1):
        say(f"Way {number}, {plural(len(way.steps), 'step')}:", "bold")
        for item, step in zip(way.items, [*way.steps, None], strict=True):
            say(f"  {item.kind} {item.name}")
            if step is not None:
                arrow = "--" if step.relation in _SYMMETRIC else "->" if step.forward else "<-"
                say(f"    {arrow} {step.relation}")
    return 0
