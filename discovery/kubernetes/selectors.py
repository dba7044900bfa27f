"""Which labels a selector means."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.kubernetes.payload import Selector


def selects(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether the selector means an object with these labels; an empty one means all."""
    return all(labels.get(k) == v for k, v in selector.labels.items()) and all(
        _holds(operator, labels.get(key), values) for key, operator, values in selector.expressions
    )


def _holds(operator: str, value: str | None, values: tuple[str, ...]) -> bool:
    match operator:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case _:
            return False
