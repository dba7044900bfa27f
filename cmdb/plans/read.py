"""Which tool a plan is of, and what to do about files that are something else."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import Any

from cmdb.errors import InvalidInput
from cmdb.plans.kubernetes import kubernetes_plan
from cmdb.plans.plan import Plan
from cmdb.plans.terraform import terraform_plan

SHOW = "terraform show -json PLANFILE > plan.json"
HELM = "helm template NAME CHART > manifests.yaml"
_BINARY = (
    (b"PK\x03\x04", f"a plan in Terraform's own binary form; print it: {SHOW}"),
    (b"\x1f\x8b", f"an archive, such as a packaged Helm chart; render that: {HELM}"),
)


def read_plan(data: bytes, name: str) -> Plan:
    """The plan in a file: JSON of Terraform or OpenTofu, or Kubernetes manifests in YAML or JSON.

    ``name`` is what errors call it. Raises :class:`~cmdb.errors.InvalidInput` for anything else,
    saying what it looks like and how to come by a plan.
    """
    text = _text(data, name)
    if text.lstrip()[:1] in ("{", "["):
        return _of_json(text, name)
    return _of_yaml(text, name)


def plan_of(document: object, name: str) -> Plan:
    """The plan in a JSON document that is already read."""
    if isinstance(document, dict):
        if what := _other_tool(document):
            raise InvalidInput(f"{name} is {what}.")
        if "resource_changes" in document or "planned_values" in document:
            return terraform_plan(document, name)
        if "apiVersion" in document and "kind" in document:
            return kubernetes_plan([document], name)
    if isinstance(document, list) and document and all(_is_object(entry) for entry in document):
        return kubernetes_plan(document, name)
    raise InvalidInput(
        f"{name} is no plan: it has neither resource_changes, as {SHOW} prints them, nor "
        "apiVersion and kind, as Kubernetes manifests do."
    )


def _text(data: bytes, name: str) -> str:
    if not data.strip():
        raise InvalidInput(f"{name} is empty; there is no plan in it.")
    for magic, what in _BINARY:
        if data.startswith(magic):
            raise InvalidInput(f"{name} is {what}.")
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"  # what a PowerShell redirection writes
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise InvalidInput(f"{name} is binary; a plan is JSON or YAML. Print it: {SHOW}.")
    return text


def _of_json(text: str, name: str) -> Plan:
    try:
        document = json.loads(text)
    except RecursionError:
        raise InvalidInput(f"{name} is nested too deeply for a plan.") from None
    except ValueError as error:
        if text.lstrip().startswith("{{"):
            raise InvalidInput(f"{name} is a Helm template; render the chart: {HELM}.") from None
        if '"@level"' in text[:2000]:
            raise InvalidInput(
                f"{name} is the log that terraform plan -json prints, not the plan. Save that with "
                f"-out=PLANFILE and print it: {SHOW}."
            ) from None
        raise InvalidInput(f"{name} is no JSON: {error}.") from None
    return plan_of(document, name)


def _of_yaml(text: str, name: str) -> Plan:
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = [d for d in yaml.load_all(text, Loader=loader) if d is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if "{{" in text:
            raise InvalidInput(f"{name} is a Helm template; render the chart: {HELM}.") from None
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise InvalidInput(f"{name}{where}: this is neither JSON nor YAML.") from None
    for document in documents:
        if isinstance(document, dict) and (what := _other_tool(document)):
            raise InvalidInput(f"{name} is {what}.")
        if not _is_object(document):
            raise InvalidInput(
                f"{name} is no plan: a Kubernetes manifest has apiVersion and kind. A plan of "
                f"Terraform is printed with {SHOW}."
            )
    if not documents:
        raise InvalidInput(f"{name} is empty; there is no plan in it.")
    return kubernetes_plan(documents, name)


def _is_object(document: object) -> bool:
    return isinstance(document, dict) and {"apiVersion", "kind"} <= document.keys()


def _other_tool(document: Mapping[str, Any]) -> str | None:
    """What a document is that is no plan but looks like what people take for one."""
    keys = document.keys()
    if "resource_changes" in keys:
        return None
    if {"version", "resources"} <= keys or {"version", "modules"} <= keys:
        return f"a Terraform state, which plans nothing; print a plan: {SHOW}"
    if {"format_version", "values"} <= keys:
        return f"a printed Terraform state, which plans nothing; print a plan: {SHOW}"
    if "@level" in keys:
        return f"the log that terraform plan -json prints, not the plan; print that: {SHOW}"
    if "steps" in keys and "changeSummary" in keys:
        return "a preview of Pulumi, which is not read yet"
    if "AWSTemplateFormatVersion" in keys:
        return "a CloudFormation template, which is not read yet"
    if {"apiVersion", "name", "version"} <= keys and "kind" not in keys:
        return f"a Helm chart's description; render the chart: {HELM}"
    if "services" in keys and "kind" not in keys:
        return "a Compose file, which is not read yet"
    return None
