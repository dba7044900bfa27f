"""Plans of Terraform and OpenTofu, as ``terraform show -json`` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cmdb.errors import InvalidInput
from cmdb.plans.plan import Effect, KubernetesObject, Plan, PlannedResource

EFFECT_OF: Mapping[frozenset[str], Effect] = {
    frozenset({"no-op"}): "unchanged",
    frozenset({"read"}): "unchanged",
    frozenset({"create"}): "create",
    frozenset({"update"}): "update",
    frozenset({"delete"}): "delete",
    frozenset({"delete", "create"}): "replace",
    frozenset({"forget"}): "forget",
    frozenset({"create", "forget"}): "create",
}
"""What a resource's actions come to, whatever their order."""

CLOUD_IDS = ("arn", "self_link", "id", "resource_id", "instance_id", "unique_id")
NAMES_OF_HOSTS = ("fqdn", "private_dns", "public_dns", "dns_name", "domain_name", "hostname")
NAMES = (
    "name",
    "display_name",
    "hostname",
    "identifier",
    "bucket",
    "cluster_name",
    "function_name",
)
NO_NAMESPACE = "_"


def terraform_plan(data: Mapping[str, Any], name: str) -> Plan:
    """The plan in a document with ``resource_changes``; data sources are left out.

    A document without them is a plan that changes nothing. Raises
    :class:`~cmdb.errors.InvalidInput` where a change is not as the format has it.
    """
    changes = data.get("resource_changes")
    if changes is None:
        changes = []
    if not isinstance(changes, list):
        raise InvalidInput(f"{name}: resource_changes is no list, as a plan has it.")
    resources = tuple(
        _resource(change, f"{name}: resource_changes[{at}]")
        for at, change in enumerate(changes)
        if not (isinstance(change, dict) and change.get("mode") == "data")
    )
    return Plan("terraform", str(data.get("terraform_version") or ""), resources)


def _resource(entry: object, where: str) -> PlannedResource:
    change = entry.get("change") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(change, dict):
        raise InvalidInput(f"{where} has no change; a plan has one for every resource.")
    actions = change.get("actions")
    if not isinstance(actions, list) or not all(isinstance(action, str) for action in actions):
        raise InvalidInput(f"{where}.change.actions is no list of actions.")
    effect = EFFECT_OF.get(frozenset(actions))
    if effect is None:
        raise InvalidInput(
            f"{where}.change.actions are {', '.join(actions)[:60] or 'empty'}, which no version "
            "of the format known here has."
        )
    before = change.get("before")
    values: Mapping[str, Any] = before if isinstance(before, dict) else {}
    kind = str(entry.get("type") or "")
    return PlannedResource(
        address=_address(entry),
        type=kind,
        effect=effect,
        identifiers=tuple(dict.fromkeys(resource_identifiers(values))),
        objects=tuple(_objects(kind, values)),
        names=tuple(dict.fromkeys(_names(values))),
        reason=_reason(effect, actions, entry, change),
    )


def _address(entry: Mapping[str, Any]) -> str:
    address = str(entry.get("address") or f"{entry.get('type')}.{entry.get('name')}")
    return f"{address} (deposed {entry['deposed']})" if entry.get("deposed") else address


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value.strip() if isinstance(value, str) else ""


def resource_identifiers(values: Mapping[str, Any]) -> Iterator[str]:
    """The identifiers that a resource may be known by, from its attributes, the strongest first.

    They are the same for plans and for states: the scanner of states takes those of them that are
    unique beyond one state.
    """
    for key in CLOUD_IDS:
        if found := _text(values, key):
            yield f"cloud:{found}"
            # A self link's version and host differ from tool to tool; its path does not.
            if "/projects/" in found and found.startswith("https://"):
                yield f"cloud:projects/{found.split('/projects/', 1)[1]}"
    for key in NAMES_OF_HOSTS:
        found = _text(values, key)
        if "." in found:
            yield f"fqdn:{found}"
    if found := _text(values, "uuid"):
        yield f"uuid:{found}"


def _names(values: Mapping[str, Any]) -> Iterator[str]:
    for key in NAMES:
        if found := _text(values, key):
            yield found
    for key in ("tags", "labels"):
        marks = values.get(key)
        for name in ("Name", "name"):
            if isinstance(marks, dict) and (found := _text(marks, name)):
                yield found


def _objects(kind: str, values: Mapping[str, Any]) -> Iterator[KubernetesObject]:
    """The object of a cluster that a resource of the kubernetes provider is."""
    if not kind.startswith("kubernetes_"):
        return
    manifest = values.get("manifest")
    if isinstance(manifest, dict):
        values, name = manifest, _text(manifest, "kind")
    else:
        words = kind.removeprefix("kubernetes_").split("_")
        if words[-1][:1] == "v" and words[-1][1:2].isdigit():
            words = words[:-1]
        name = "".join(word.capitalize() for word in words)
    metadata = values.get("metadata")
    if isinstance(metadata, Sequence) and not isinstance(metadata, str) and metadata:
        metadata = metadata[0]
    if isinstance(metadata, dict) and name and (called := _text(metadata, "name")):
        yield KubernetesObject(_text(metadata, "namespace") or NO_NAMESPACE, name, called)


def _reason(
    effect: Effect, actions: Sequence[str], entry: Mapping[str, Any], change: Mapping[str, Any]
) -> str:
    if effect == "forget":
        return "it stays, and is no longer managed"
    if effect == "replace":
        order = "the new one first" if actions[0] == "create" else "the old one goes first"
        paths = change.get("replace_paths")
        forced = [_path(path) for path in paths if isinstance(path, list)] if paths else []
        return f"{order}; forced by {', '.join(forced[:5])}" if forced else order
    if effect == "update":
        fields = _changed(change.get("before"), change.get("after"))
        return f"changes {', '.join(fields[:8])}" if fields else ""
    if effect == "delete" and entry.get("action_reason"):
        return str(entry["action_reason"]).replace("_", " ")
    return ""


def _path(path: Sequence[object]) -> str:
    return ".".join(str(part) for part in path)[:80]


def _changed(before: object, after: object) -> list[str]:
    """The names, never the values, of the attributes that differ: values may be secret."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
