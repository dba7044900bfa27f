"""The catalogue as plain data and as reference pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cmdb.catalogue.catalogue import Catalogue
from cmdb.catalogue.model import Property, Relation


def kind_data(catalogue: Catalogue, name: str) -> dict[str, Any]:
    """A kind with all it inherits, as plain JSON values; times in seconds."""
    resolved = catalogue.kind(name)
    kind = resolved.kind
    return {
        "name": kind.name,
        "plural": kind.plural,
        "description": kind.description,
        "parent": kind.parent,
        "lineage": list(resolved.lineage),
        "category": kind.category.value,
        "abstract": kind.abstract,
        "layer": kind.layer,
        "identified_by": list(resolved.identified_by),
        "stale_after": resolved.stale_after.total_seconds(),
        "retire_after": resolved.retire_after.total_seconds(),
        "properties": [property_data(p) for p in resolved.properties.values()],
    }


def property_data(prop: Property) -> dict[str, Any]:
    """A property as plain JSON values."""
    return {
        "name": prop.name,
        "type": prop.type.value,
        "description": prop.description,
        "unit": prop.unit,
        "choices": list(prop.choices),
        "controlled": prop.controlled,
        "expected": prop.expected,
    }


def relation_data(relation: Relation) -> dict[str, Any]:
    """A relation as plain JSON values."""
    return {
        "name": relation.name,
        "phrase": relation.phrase,
        "inverse": relation.inverse,
        "description": relation.description,
        "from": list(relation.from_kinds),
        "to": list(relation.to_kinds),
        "impact": relation.impact.value,
        "effect": relation.effect.value,
        "gated": relation.gated,
        "symmetric": relation.symmetric,
    }


def reference_page(catalogue: Catalogue) -> str:
    """docs/reference/catalogue.md: every kind, relation and namespace, in Markdown."""
    return "\n".join(_page(catalogue)) + "\n"


def _page(catalogue: Catalogue) -> Iterator[str]:
    yield "# Catalogue"
    yield ""
    yield "Generated from the declarations by `make docs`. Add your own in a file: see"
    yield "[Extending the catalogue](../catalogue-files.md)."
    yield ""
    yield "## Kinds"
    for resolved in catalogue.concrete_kinds:
        kind = resolved.kind
        yield ""
        yield f"### {kind.name}"
        yield ""
        yield kind.description
        yield ""
        yield f"- lineage: {' < '.join(resolved.lineage)}"
        yield f"- layer: {kind.layer}; category: {kind.category.value}"
        yield f"- identified by: {', '.join(f'`{n}`' for n in resolved.identified_by)}"
        yield f"- stale after {resolved.stale_after.days} days without news; "
        yield f"  retired {resolved.retire_after.days} days after it went missing"
        yield ""
        yield "| property | type | unit | meaning |"
        yield "|---|---|---|---|"
        for p in resolved.properties.values():
            what = " \\| ".join(f"`{c}`" for c in p.choices) if p.choices else p.type.value
            yield f"| `{p.name}` | {what} | {p.unit or ''} | {p.description} |"
    yield ""
    yield "## Relations"
    yield ""
    yield "Links are stored dependent -> provider."
    yield ""
    yield "| relation | from | to | impact runs | effect | gate | meaning |"
    yield "|---|---|---|---|---|---|---|"
    for r in catalogue.relations.values():
        yield (
            f"| `{r.name}` | {', '.join(r.from_kinds)} | {', '.join(r.to_kinds)} "
            f"| {r.impact.value} | {r.effect.value} | {'yes' if r.gated else ''} "
            f"| {r.description} |"
        )
    yield ""
    yield "## Identifiers"
    yield ""
    yield "| namespace | example | when two things claim it | meaning |"
    yield "|---|---|---|---|"
    for n in catalogue.namespaces.values():
        yield f"| `{n.name}` | `{n.example}` | {n.contested.value} | {n.description} |"
