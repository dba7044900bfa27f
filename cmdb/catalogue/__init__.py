"""Kinds, relations and identifier namespaces: declared once, read by everything else."""

from cmdb.catalogue.catalogue import Catalogue, ResolvedKind, builtin
from cmdb.catalogue.model import (
    Category,
    Contested,
    Effect,
    ImpactDirection,
    Kind,
    Namespace,
    Property,
    PropertyType,
    Relation,
)

__all__ = [
    "Catalogue",
    "Category",
    "Contested",
    "Effect",
    "ImpactDirection",
    "Kind",
    "Namespace",
    "Property",
    "PropertyType",
    "Relation",
    "ResolvedKind",
    "builtin",
]
