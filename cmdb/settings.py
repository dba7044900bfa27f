"""Settings: environment ``CMDB_*`` over ``cmdb.toml`` over defaults.

Each says where its value came from, and a secret never shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_cache_path, user_data_path, user_state_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from cmdb.errors import InvalidSettings, Problem
from cmdb.times import read_duration

FILE = Path("cmdb.toml")
_PASSWORD = re.compile(r"(?<=://)([^:@/]*):([^@/]*)(?=@)")


def default_store() -> str:
    """SQLite in the user's data folder."""
    return f"sqlite:///{user_data_path('cmdb') / 'cmdb.db'}"


class Settings(BaseSettings):
    """Everything that can be set. The descriptions are the reference."""

    model_config = SettingsConfigDict(
        env_prefix="CMDB_", toml_file=FILE, extra="forbid", frozen=True, validate_default=True
    )

    store: str = Field(
        default_factory=default_store,
        description="Where the data is: sqlite:///PATH, or neo4j://HOST, neo4j+s:// or bolt://.",
    )
    neo4j_user: str | None = Field(
        default=None, description="The Neo4j user, where the store's URI has none."
    )
    neo4j_password: SecretStr | None = Field(
        default=None, description="The Neo4j password, where the URI has none."
    )
    neo4j_password_file: Path | None = Field(
        default=None, description="A file that holds the Neo4j password (one line)."
    )
    catalogue: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="TOML or YAML files that add or extend kinds and relations."
    )
    source_precedence: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("operator", "inference", "*", "network"),
        description="Sources whose word counts more, the most trusted first; * are all that are "
        "not named. What is only seen from outside comes last.",
    )
    touch_after: timedelta = Field(
        default=timedelta(minutes=5),
        description="How much later an unchanged thing must be seen again for that to be written.",
    )
    stale_after: dict[str, timedelta] = Field(
        default_factory=dict,
        description="How long a source may be silent before its word yields, such as 30d, by "
        "source or source/Kind, where that is not what the kind allows.",
    )
    declared_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(
            "operator",
            "import",
            "terraform",
            "compose",
            "manifests",
            "netbox",
            "configuration",
        ),
        description="Sources that say what should be; all others say what they see.",
    )
    shrink_limit: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="The share of its items that a complete run may no longer see; where more are "
        "gone, and at least 10, it waits for a person (`cmdb runs --accept`).",
    )
    cache_folder: Path | None = Field(
        default_factory=lambda: user_cache_path("cmdb"),
        description="The folder that graphs of large estates are kept in; empty: nowhere.",
    )
    host: str = Field(default="127.0.0.1", description="The address that the server listens on.")
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="The port that the server listens on; 0 takes a free one.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="The bearer token that callers must show; needed to listen beyond loopback.",
    )
    token_file: Path | None = Field(
        default=None, description="A file that holds the token (one line)."
    )
    tokens: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Bearer tokens of people and programs, by the name that each acts under.",
    )
    actor: str = Field(
        default_factory=lambda: os.environ.get("USER") or os.environ.get("USERNAME") or "somebody",
        description="Who is named as the author of revisions.",
    )
    business_hours: str = Field(
        default="mon-fri 08:00-18:00",
        pattern=r"^[a-z]{3}-[a-z]{3} \d\d:\d\d-\d\d:\d\d$",
        description="The hours in UTC in which planned failures count as riskier.",
    )
    risk_weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict,
        description="Weights of risk factors, by name, in the place of the default ones.",
    )

    monitoring_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("monitoring", "zabbix", "prometheus", "icinga", "nagios", "checkmk"),
        description="Sources whose items would alert: that such an item is quiet means something.",
    )

    request_catalogue: Path | None = Field(
        default=None, description="A TOML file of what people can ask for, and the forms for it."
    )
    alert_rules: Path | None = Field(
        default=None, description="A TOML file of rules that lead from alerts to items."
    )
    alert_mappings: Path | None = Field(
        default=None, description="A TOML file that says how other tools' alerts are read."
    )
    alert_secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="The secret that each tool shows or signs its alerts with, by its path behind "
        "/webhooks/: alertmanager, pagerduty, generic/NAME.",
    )
    alert_settle: timedelta = Field(
        default=timedelta(seconds=5),
        ge=timedelta(0),
        description="How long no alert must have come before they are gathered into incidents.",
    )
    webhooks: Path | None = Field(
        default=None, description="A TOML file of the endpoints that are told what happens here."
    )
    state_folder: Path = Field(
        default_factory=lambda: user_state_path("cmdb"),
        description="The folder that keeps how far webhooks have been sent, and what traces were "
        "counted to.",
    )
    change_policy: Path | None = Field(
        default=None,
        description="A TOML file that says who must agree to which changes.",
    )
    change_models: Path | None = Field(
        default=None, description="A TOML file with models of changes beside the shipped ones."
    )

    scan: dict[str, dict[str, str | int | float | bool | list[str]]] = Field(
        default_factory=dict,
        description="Settings of scanners by the scanner's name, as `cmdb scan --set` takes them; "
        "secrets by where they are: env:NAME or file:PATH.",
    )
    discovery: Path | None = Field(
        default=None,
        description="A TOML file of what is discovered and when; `cmdb serve` runs it.",
    )
    traces: bool = Field(
        default=False,
        description="Whether the server takes traces over OTLP/HTTP, at /v1/traces.",
    )
    traces_every: timedelta = Field(
        default=timedelta(minutes=1),
        ge=timedelta(seconds=1),
        description="How often what traces said is stored, such as 30s or 5m; half of a call that "
        "no other half follows within that time is one to something that is not traced.",
    )
    spool_folder: Path = Field(
        default_factory=lambda: user_state_path("cmdb") / "spool",
        description="The folder that keeps what a collector saw until its server has taken it.",
    )
    record_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("servicenow", "jira", "pagerduty"),
        description="Sources that keep records of their own: what one says of its record is "
        "changed there, not here.",
    )

    @field_validator("cache_folder", "change_policy", "change_models", "discovery", mode="before")
    @classmethod
    def _none_where_empty(cls, value: Any) -> Any:
        return value or None

    @field_validator("traces_every", mode="before")
    @classmethod
    def _length_of_time(cls, value: Any) -> Any:
        return read_duration(value) if isinstance(value, str) else value

    @field_validator("stale_after", mode="before")
    @classmethod
    def _lengths_of_time(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: read_duration(v) if isinstance(v, str) else v for k, v in value.items()}

    @field_validator("alert_secrets", "tokens")
    @classmethod
    def _no_empty_secret(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if empty := [name for name, secret in value.items() if not secret.get_secret_value()]:
            raise ValueError(f"has no secret for {', '.join(empty)}; leave it out")
        return value

    @field_validator("source_precedence")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in value if value.count(name) > 1}):
            raise ValueError(f"names {', '.join(twice)} more than once; each has one place")
        return value

    @field_validator(
        "catalogue",
        "source_precedence",
        "monitoring_sources",
        "record_sources",
        "declared_sources",
        mode="before",
    )
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [p for p in value.split(",") if p] if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was given by hand, then the environment, then ``cmdb.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def alert_secret(self, tool: str) -> str | None:
        """The secret of a tool that sends alerts; None where it has none of its own."""
        found = self.alert_secrets.get(tool)
        return found.get_secret_value() if found is not None else None

    def secret(self, name: str) -> str | None:
        """The secret of that name, read from its file where one is set.

        Raises :class:`~cmdb.errors.InvalidSettings` where the file can't be read.
        """
        value: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if value is not None:
            return value.get_secret_value()
        if file is None:
            return None
        try:
            return file.read_text("utf-8").strip()
        except OSError as error:
            raise InvalidSettings(
                f"CMDB_{name.upper()}_FILE names {file}, which can't be read: {error.strerror}."
            ) from None


def load_settings(**given: Any) -> Settings:
    """The settings in force; ``given`` (where not None) overrides everything.

    Raises :class:`~cmdb.errors.InvalidSettings` that names each wrong setting and where it stands.
    """
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        problems = [
            Problem(_sentence(e), field=_origin(".".join(map(str, e["loc"]))))
            for e in error.errors()
        ]
        raise InvalidSettings("The settings can't be used.", problems) from None
    except ValueError as error:  # a cmdb.toml that is no TOML, or a list that is no JSON
        raise InvalidSettings(f"The settings can't be read: {error}") from None


def _sentence(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "is no setting; `cmdb settings` lists them all"
    return str(error["msg"]).removeprefix("Value error, ")


def _origin(name: str) -> str:
    variable = f"CMDB_{name.upper()}"
    return variable if variable in os.environ else f"{name} in {FILE}"


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for display."""

    name: str
    value: str
    source: str
    description: str


def shown(settings: Settings, given: Collection[str] = ()) -> list[Shown]:
    """Every setting with its value (secrets masked) and where it came from.

    ``given`` are the settings that were given by hand.
    """
    in_file = TomlConfigSettingsSource(Settings)() if FILE.exists() else {}
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        variable = f"CMDB_{name.upper()}"
        source = f"environment {variable}" if variable in os.environ else "default"
        if source == "default" and name in in_file:
            source = str(FILE)
        if name in given:
            source = "command line"
        text = _scanners(value) if name == "scan" else _masked(value)
        rows.append(Shown(name, text, source, field.description or ""))
    return rows


def _scanners(value: dict[str, dict[str, object]]) -> str:
    """What is set for which scanner, without the values: somebody may have written a secret."""
    return "; ".join(f"{scanner}: {', '.join(given)}" for scanner, given in value.items())


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        return "********"
    if isinstance(value, dict) and any(isinstance(v, SecretStr) for v in value.values()):
        return ", ".join(f"{name}: ********" for name in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return mask_uri(str(value)) if value is not None else ""


def mask_uri(uri: str) -> str:
    """The URI without the password in it."""
    return _PASSWORD.sub(r"\1:********", uri)
