"""Services, what they contribute to, and who answers for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from cmdb.demo.cast import PUBLIC, SERVICES, Service
from cmdb.demo.company import (
    APPLICATIONS,
    BUSINESS_SERVICES,
    CAPABILITIES,
    DOMAIN,
    TEAMS,
)
from cmdb.demo.compute import cluster
from cmdb.demo.layout import Bay, dotted
from cmdb.demo.platform import (
    cloud,
    database_of,
    queue,
    software,
    virtual_server,
    workload,
)
from cmdb.demo.sources import Source, Sources
from cmdb.items import Gate, ItemObservation, LinkObservation
from cmdb.items.value import format_time

OWNERLESS = ("gift-cards", "recommendations")
"""Services whose team was dissolved: nobody owns them."""
_TEAM_OF = {s.name: s.team for s in SERVICES}
_STAGED = frozenset(s.name for s in SERVICES if s.staging)
_ACQUIRERS = Gate("card acquirers", 1)


def service_key(bay: Bay, name: str, environment: str = "production") -> str:
    """The identifier of a service instance."""
    return f"name:ServiceInstance/{bay.service(name, environment)}"


def _named(kind: str, name: str) -> str:
    return f"name:{kind}/{name}"


def _host_name(bay: Bay, service: str) -> str:
    return f"{service}{bay.tag}.{DOMAIN}"


def _url(bay: Bay, service: str) -> str:
    return f"url:https://{_host_name(bay, service)}/"


def _certificate(bay: Bay, service: str) -> str:
    return f"sha256:{bay.unique('certificate ' + service)}{bay.unique('fingerprint ' + service)}"


def instances() -> Iterator[tuple[Service, str]]:
    """Every service with every environment that it runs in."""
    for service in SERVICES:
        yield service, "production"
        if service.staging:
            yield service, "staging"


def bay_items(bay: Bay, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    """Teams and people, capabilities, business services, offerings, applications, services."""
    yield from _people_items(bay, sources.catalogue)
    yield from _business_items(bay, sources.catalogue)
    for service, environment in instances():
        yield from _service_items(bay, service, environment, sources, rng)
    for name in PUBLIC:
        yield from _public_items(bay, name, sources, rng)


def bay_links(bay: Bay, sources: Sources) -> Iterator[LinkObservation]:
    """What services depend on and contribute to, and whom to call."""
    for service, environment in instances():
        yield from _service_links(bay, service, environment, sources.catalogue)
    for name in PUBLIC:
        url = _url(bay, name)
        yield sources.catalogue.link("DEPENDS_ON", url, service_key(bay, name))
        yield sources.monitoring.link("SECURED_BY", url, _certificate(bay, name))
        yield sources.monitoring.link("RESOLVED_BY", url, f"dns:{_host_name(bay, name)}/a")
        yield sources.catalogue.link("OWNED_BY", url, f"name:Team/{_TEAM_OF[name]}{bay.tag}")
    yield from _business_links(bay, sources.catalogue)


def _mail(bay: Bay, person: str) -> str:
    return f"{person.lower().replace(' ', '.')}{bay.tag}@example.org"


def _lead_of(service: str) -> str:
    return next(t.lead for t in TEAMS if t.name == _TEAM_OF[service])


def _people_items(bay: Bay, catalogue: Source) -> Iterator[ItemObservation]:
    for number, team in enumerate(TEAMS):
        name = f"{team.name}{bay.tag}"
        yield catalogue.item(
            "Team",
            f"team/{team.slug}{bay.tag}",
            (_named("Team", name),),
            {
                "name": name,
                "description": team.purpose,
                "email": f"{team.slug}{bay.tag}@example.org",
                "phone": f"+1-555-01{number:02d}",
                "on_call": f"+1-555-01{50 + number}",
            },
        )
        mail = _mail(bay, team.lead)
        yield catalogue.item(
            "Person",
            f"person/{mail}",
            (f"email:{mail}",),
            {
                "name": f"{team.lead}{bay.tag}",
                "email": mail,
                "phone": f"+1-555-01{20 + number}",
                "description": f"Leads {team.name}.",
            },
        )


def _business_items(bay: Bay, catalogue: Source) -> Iterator[ItemObservation]:
    def item(kind: str, name: str, **properties: str | float) -> ItemObservation:
        full = f"{name}{bay.tag}"
        return catalogue.item(
            kind, f"{kind}/{full}", (_named(kind, full),), {"name": full, **properties}
        )

    for capability in CAPABILITIES:
        yield item("BusinessCapability", capability, criticality="high")
    for service in BUSINESS_SERVICES:
        yield item("BusinessService", service.name, criticality=service.criticality)
        for name, target, _ in service.offerings:
            yield item(
                "ServiceOffering",
                name,
                criticality=service.criticality,
                availability_target=target,
                service_hours="24x7" if target > 99.4 else "Mon-Sat 06:00-22:00",
            )
    for name, vendor, _ in APPLICATIONS:
        yield item("BusinessApplication", name, vendor=vendor, criticality="high")


def _business_links(bay: Bay, catalogue: Source) -> Iterator[LinkObservation]:
    for service in BUSINESS_SERVICES:
        key = _named("BusinessService", f"{service.name}{bay.tag}")
        capability = _named("BusinessCapability", f"{service.capability}{bay.tag}")
        # A capability lives on while any of its services does.
        yield catalogue.link("CONTRIBUTES_TO", key, capability, gate=Gate("services", 1))
        owner = f"email:{_mail(bay, _lead_of(service.offerings[0][2][0]))}"
        yield catalogue.link("OWNED_BY", key, owner)
        for name, _, parts in service.offerings:
            offering = _named("ServiceOffering", f"{name}{bay.tag}")
            yield catalogue.link("CONTRIBUTES_TO", offering, key, gate=Gate("offerings", "100%"))
            yield catalogue.link("OWNED_BY", offering, owner)
            for part in parts:
                yield catalogue.link("CONTRIBUTES_TO", service_key(bay, part), offering)
    for name, _, parts in APPLICATIONS:
        application = _named("BusinessApplication", f"{name}{bay.tag}")
        for part in parts:
            yield catalogue.link("USES", application, service_key(bay, part))
            if part in _STAGED:
                yield catalogue.link("USES", application, service_key(bay, part, "staging"))


def _service_items(
    bay: Bay, service: Service, environment: str, sources: Sources, rng: Random
) -> Iterator[ItemObservation]:
    name = bay.service(service.name, environment)
    key = service_key(bay, service.name, environment)
    version = f"{rng.randrange(2, 9)}.{rng.randrange(30)}"
    production = environment == "production"
    yield sources.catalogue.item(
        "ServiceInstance",
        f"service/{name}",
        (key,),
        {
            "name": name,
            "description": f"{service.name.capitalize()} in {environment}.",
            "criticality": service.criticality if production else "low",
            "environment": environment,
            "version": f"{version}.0",
        },
    )
    if service.runs == "k8s":
        # What is deployed runs ahead of what somebody wrote down.
        yield sources.kubernetes.item(
            "ServiceInstance",
            f"service/{name}",
            (key,),
            {"name": name, "version": f"{version}.{rng.randrange(4)}", "environment": environment},
        )


def _service_links(
    bay: Bay, service: Service, environment: str, catalogue: Source
) -> Iterator[LinkObservation]:
    key = service_key(bay, service.name, environment)
    production = environment == "production"
    yield from _runtime_links(bay, service, environment, catalogue)
    for name in service.databases:
        yield catalogue.link("DEPENDS_ON", key, database_of(bay, name, environment))
    for relation, names, soft in (
        ("DEPENDS_ON", service.hard, False),
        ("DEPENDS_ON", service.soft, True),
        ("EXCHANGES_DATA_WITH", service.takes, True),
    ):
        for name in names:
            if production or name in _STAGED:
                yield catalogue.link(relation, key, service_key(bay, name, environment), soft=soft)
    if production:
        for name in service.queues:
            yield catalogue.link("EXCHANGES_DATA_WITH", key, queue(bay, name), soft=True)
        for name in service.clouds:
            # Either acquirer can authorise a card; the other clouds have no second.
            gate = _ACQUIRERS if name.startswith("card-") else None
            yield catalogue.link("DEPENDS_ON", key, cloud(bay, name), gate=gate)
        if bay.number and service.name == "identity":
            head = "name:ServiceInstance/identity@production"
            yield catalogue.link("DEPENDS_ON", key, head)
    if service.name not in OWNERLESS:
        team = f"name:Team/{service.team}{bay.tag}"
        yield catalogue.link("OWNED_BY", key, team)
        yield catalogue.link("SUPPORTED_BY", key, team)


def _runtime_links(
    bay: Bay, service: Service, environment: str, catalogue: Source
) -> Iterator[LinkObservation]:
    key = service_key(bay, service.name, environment)
    if service.runs == "k8s":
        yield catalogue.link("RUNS_ON", key, workload(bay, service.name, environment))
    elif environment == "production":
        yield catalogue.link("DEPENDS_ON", key, virtual_server(bay, service.name))
    else:
        yield catalogue.link("DEPENDS_ON", key, software(bay.vms_of[service.name, "staging"][0]))
    if service.name == "cart" and environment == "production":
        yield catalogue.link("DEPENDS_ON", key, cluster(f"session-cache{bay.tag}"))


def _public_items(bay: Bay, name: str, sources: Sources, rng: Random) -> Iterator[ItemObservation]:
    host, fingerprint = _host_name(bay, name), _certificate(bay, name)
    yield sources.catalogue.item(
        "ApiEndpoint",
        f"api/{host}",
        (_url(bay, name),),
        {"name": host, "url": f"https://{host}/", "protocol": "https", "port": 443},
    )
    expiry = sources.now + timedelta(days=rng.randrange(9, 300))
    yield sources.monitoring.item(
        "Certificate",
        f"certificate/{host}",
        (fingerprint,),
        {
            "name": host,
            "subject": f"CN={host}",
            "issuer": "CN=Example Trust R3",
            "not_after": format_time(expiry.replace(microsecond=0)),
        },
    )
    yield sources.monitoring.item(
        "DnsRecord",
        f"record/{host}",
        (f"dns:{host}/a",),
        {
            "name": host,
            "record_type": "A",
            "value": dotted(0xC6336400 + rng.randrange(1, 250)),
            "time_to_live": 300,
        },
    )
