"""Verbs of configuration management: baseline take, list, verify; health; duplicates; drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cmdb.cli.output import plural, print_json, print_table, say, short
from cmdb.cli.records import RecordArgument, acting, group, print_record, record_data, records
from cmdb.cli.run import AtOption, JsonOption, LimitOption, OffsetOption, StoreOption, with_cmdb

if TYPE_CHECKING:
    from cmdb.configuration.baselines import Verification
    from cmdb.configuration.drift import Drift, DriftName
    from cmdb.configuration.health import DuplicateGroup, Health
    from cmdb.items import Item
    from cmdb.service import Cmdb


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    verbs = group(app, "baseline", "A named revision of a set of items, and what became of it.")
    verbs.command("take")(take)
    verbs.command("list")(list_)
    verbs.command("verify")(verify)
    app.command("health")(health)
    app.command("duplicates")(duplicates)
    app.command("drift")(drift)


def take(
    about: Annotated[str, typer.Argument(help="What it is for.")],
    items: Annotated[
        list[str] | None, typer.Option("--item", help="An item in it.", metavar="ITEM")
    ] = None,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="All items of a kind.", metavar="KIND")
    ] = None,
    at: AtOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Keep a revision of a set of items, to verify them against later.

    Example: cmdb baseline take "Core network" --kind NetworkDevice
    """

    async def work(cmdb: Cmdb) -> Item:
        from cmdb.configuration.baselines import take_baseline

        return await take_baseline(
            cmdb, acting(cmdb), about, items=items or (), kinds=kinds or (), at=at
        )

    made = with_cmdb(store, work)
    members = made.properties.get("members")
    count = len(members) if isinstance(members, list) else 0
    revision = made.properties["baseline_revision"]
    said = f"{made.name}: {plural(count, 'item')} as of revision {revision}."
    return print_record(made, said, as_json=as_json)


def list_(limit: LimitOption = 50, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """List baselines, the latest first."""
    found, total = with_cmdb(
        store, lambda cmdb: records(cmdb, "Baseline", state=None, is_open=False, limit=limit)
    )
    if as_json:
        rows = [record_data(item) for item in found]
        print_json({"baselines": rows, "total": total, "truncated": len(found) < total})
        return 0
    print_table(
        ("number", "revision", "taken by", "verified", "findings", "about"),
        [
            (
                item.name,
                p.get("baseline_revision", ""),
                p.get("taken_by", ""),
                p.get("verified_at", "never"),
                p.get("findings", ""),
                p.get("description", ""),
            )
            for item in found
            for p in (item.properties,)
        ],
    )
    return 0


def verify(
    baseline: RecordArgument,
    everything: Annotated[
        bool, typer.Option("--all", help="Differences of uncontrolled properties as well.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """What differs from a baseline, each line tied to a change or to none; 1 where there are
    findings. When it was verified is kept with the baseline.

    Example: cmdb baseline verify BSL0000001
    """

    async def work(cmdb: Cmdb) -> Verification:
        from cmdb.configuration.baselines import record_verification, verify_baseline

        made = await verify_baseline(cmdb, baseline)
        await record_verification(cmdb, made, acting(cmdb))
        return made

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return int(found.findings > 0)
    shown = [d for d in found.differences if everything or d.controlled]
    print_table(
        ("item", "what", "baseline", "now", "revision", "by", "change"),
        [
            (
                f"{d.kind} {d.name}",
                d.field,
                short(str(d.before)),
                short(str(d.after)),
                d.revision,
                f"{d.actor} ({d.source})",
                ", ".join(d.changes) or "none",
            )
            for d in shown
        ],
    )
    say(
        f"{found.number} (revision {found.baseline_revision}) against revision {found.revision}: "
        f"{plural(found.findings, 'finding')} in {plural(found.members, 'item')}."
    )
    return int(found.findings > 0)


def health(limit: LimitOption = 20, store: StoreOption = None, as_json: JsonOption = False) -> int:
    """How good the data is, weighted by how many services rest on what is wrong."""

    async def work(cmdb: Cmdb) -> Health:
        from cmdb.configuration import health as judged

        return await judged.health(cmdb, limit=limit)

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    print_table(
        ("defect", "items", "of", "without", "by weight", ""),
        [
            (s.part, s.defects, s.of, _percent(s.score), _percent(s.weighted), s.sentence)
            for s in found.scores
        ],
    )
    print_table(
        ("defect", "item", "services on it", "because"),
        [(d.defect, f"{d.kind} {d.name}", d.services, d.sentence) for d in found.defects],
    )
    for finding in found.findings:
        say(finding)
    say(
        f"{len(found.defects)} of {plural(found.defects_total, 'defect')}, weighed by "
        f"{plural(found.services, 'service')} (revision {found.revision})"
    )
    return 0


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:g} %"


def duplicates(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Items that may be one thing: the same name, told by sources that share no identifier."""

    async def work(cmdb: Cmdb) -> list[DuplicateGroup]:
        from cmdb.configuration import health as judged

        return await judged.duplicates(cmdb)

    found = with_cmdb(store, work)
    if as_json:
        print_json({"duplicates": found})
        return 0
    for group_ in found:
        say(f"{group_.sentence} cmdb merge {' '.join(group_.ids[:2])}")
    say(plural(len(found), "group"))
    return 0


def drift(
    relations: Annotated[
        list[str] | None,
        typer.Option("--relation", help="Links of this relation; those of impact without."),
    ] = None,
    never: Annotated[
        str | None,
        typer.Option(
            "--never", help="Only links that were never: seen or declared.", metavar="WHAT"
        ),
    ] = None,
    limit: LimitOption = 50,
    offset: OffsetOption = 0,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> int:
    """Links that are declared and were never seen, and those that are seen and never declared.

    Example: cmdb drift --never seen
    """
    from cmdb.errors import InvalidInput

    names: dict[str, DriftName] = {"seen": "never_seen", "declared": "never_declared"}
    if never is not None and never not in names:
        raise InvalidInput(f"--never is seen or declared, not {never!r}.")

    async def work(cmdb: Cmdb) -> Drift:
        from cmdb.configuration import drift as compared

        only = names[never] if never is not None else None
        return await compared.drift(
            cmdb, only=only, relations=relations or (), limit=limit, offset=offset
        )

    found = with_cmdb(store, work)
    if as_json:
        print_json(found)
        return 0
    print_table(
        ("", "relation", "from", "to", "sources"),
        [
            (
                row.drift.replace("_", " "),
                row.relation,
                f"{row.start.kind} {row.start.name}",
                f"{row.end.kind} {row.end.name}",
                ", ".join(row.sources),
            )
            for row in found.links
        ],
    )
    say(
        f"{plural(found.never_seen, 'link')} declared and never seen, "
        f"{found.never_declared:,} seen and never declared, {found.both:,} both; of "
        f"{found.unjudged:,} nothing can be said (revision {found.revision})"
    )
    return 0
