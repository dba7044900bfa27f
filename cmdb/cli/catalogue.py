"""Verbs that explain: kinds, settings, schema."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdb.cli.output import print_json, print_table, say
from cmdb.cli.run import JsonOption, StoreOption

if TYPE_CHECKING:
    from cmdb.catalogue import Catalogue, ResolvedKind


class SchemaKind(StrEnum):
    """Which schema to print."""

    graphql = "graphql"
    observations = "observations"


def register(app: typer.Typer) -> None:
    """Add the verbs of this module."""
    app.command("kinds")(kinds)
    app.command("settings")(settings)
    app.command("schema")(schema)


def _catalogue() -> Catalogue:
    from cmdb.catalogue.files import load_catalogue
    from cmdb.settings import load_settings

    return load_catalogue(load_settings().catalogue)


def kinds(
    kind: Annotated[str | None, typer.Argument(help="One kind or relation to explain.")] = None,
    as_json: JsonOption = False,
) -> int:
    """List the kinds and relations of the catalogue, or explain one.

    Example: cmdb kinds Server
    """
    from cmdb.catalogue.reference import kind_data, relation_data

    catalogue = _catalogue()
    if kind is None:
        if as_json:
            print_json(
                {
                    "kinds": [kind_data(catalogue, k) for k in catalogue.kinds],
                    "relations": [relation_data(r) for r in catalogue.relations.values()],
                }
            )
            return 0
        print_table(
            ("kind", "layer", "what it is"),
            [(k.name, k.kind.layer, k.kind.description) for k in catalogue.concrete_kinds],
        )
        say()
        print_table(
            ("relation", "reads", "what it means"),
            [(r.name, r.phrase, r.description) for r in catalogue.relations.values()],
        )
        return 0
    if kind in catalogue.relations:
        relation = catalogue.relations[kind]
        if as_json:
            print_json(relation_data(relation))
            return 0
        return _explain_relation(relation_data(relation))
    resolved = catalogue.kind(kind)
    if as_json:
        print_json(kind_data(catalogue, resolved.name))
        return 0
    return _explain_kind(catalogue, resolved)


def _explain_kind(catalogue: Catalogue, kind: ResolvedKind) -> int:
    say(kind.name, "bold")
    say(f"  {kind.kind.description}")
    if len(kind.lineage) > 1:
        say(f"  a {' < '.join(kind.lineage)}")
    say(f"  identified by {', '.join(kind.identified_by)} (the strongest first)")
    say(f"  stale after {kind.stale_after.days} days, retired {kind.retire_after.days} days later")
    print_table(
        ("property", "type", "unit", "meaning"),
        [
            (
                p.name,
                f"one of {', '.join(p.choices)}" if p.choices else p.type.value,
                p.unit or "",
                p.description,
            )
            for p in kind.properties.values()
        ],
    )
    rows = []
    for relation in catalogue.relations.values():
        if catalogue.end_problem(relation.name, kind.name, None) is None:
            rows.append((relation.name, relation.phrase, ", ".join(relation.to_kinds)))
        if catalogue.end_problem(relation.name, None, kind.name) is None:
            rows.append((relation.name, relation.inverse, ", ".join(relation.from_kinds)))
    print_table(("relation", "reads", "other end"), rows)
    return 0


def _explain_relation(data: dict[str, Any]) -> int:
    say(data["name"], "bold")
    say(f"  {data['description']}")
    say(f"  {', '.join(data['from'])} {data['phrase']} {', '.join(data['to'])}")
    say(f"  the other way round: {data['inverse']}")
    say(f"  impact: {data['impact']}, effect: {data['effect']}, gates: {data['gated']}")
    return 0


def settings(store: StoreOption = None, as_json: JsonOption = False) -> int:
    """Print every setting, its value and where it comes from. Secrets are masked."""
    from dataclasses import asdict

    from cmdb.settings import load_settings, shown

    rows = shown(load_settings(store=store), given={"store"} if store else set())
    if as_json:
        print_json([asdict(row) for row in rows])
        return 0
    print_table(
        ("setting", "value", "from", "meaning"),
        [(r.name, r.value, r.source, r.description) for r in rows],
    )
    return 0


def schema(
    which: Annotated[
        SchemaKind, typer.Argument(help="graphql (SDL) or observations (JSON Schema).")
    ] = SchemaKind.graphql,
) -> int:
    """Print the GraphQL schema, or the JSON Schema of observation lines.

    Example: cmdb schema observations > observation.schema.json
    """
    if which is SchemaKind.observations:
        from cmdb.exchange.schema import json_schema

        print_json(json_schema(_catalogue()))
        return 0
    from cmdb_graphql.schema import build_schema

    typer.echo(build_schema(_catalogue()).as_str())
    return 0
