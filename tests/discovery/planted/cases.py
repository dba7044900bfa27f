"""What is planted for each source. A source that comes new is one entry more: a context manager
that plants secrets wherever the source reads, and says how it is scanned."""

from __future__ import annotations

from tests.discovery.planted import desks, files, servers
from tests.discovery.planted.ground import Case

CASES: dict[str, Case] = {
    "aws": servers.aws,
    "compose": files.compose,
    "configuration": files.configuration,
    "databases": servers.databases,
    "docker": servers.docker,
    "jira": desks.jira,
    "json": servers.json,
    "kubernetes": servers.kubernetes,
    "local": servers.local,
    "manifests": files.manifests,
    "netbox": desks.netbox,
    "network": files.network,
    "pagerduty": desks.pagerduty,
    "program": files.program,
    "servicenow": desks.servicenow,
    "snmp": servers.snmp,
    "ssh": servers.ssh,
    "terraform": files.terraform,
    "traces": files.traces,
}
