"""The built-in relations. Links are stored dependent -> provider."""

from __future__ import annotations

from cmdb.catalogue.model import Effect, ImpactDirection, Relation

_CI = ("ConfigurationItem",)
_RECORD = ("Incident", "Problem", "Change", "ServiceRequest", "MaintenanceWindow", "Alert")
_TO_FROM, _FROM_TO, _NONE = ImpactDirection.TO_FROM, ImpactDirection.FROM_TO, ImpactDirection.NONE

RELATIONS: tuple[Relation, ...] = (
    Relation("DEPENDS_ON", "depends on", "is depended on by", "The dependent can't do its work without the provider.", _CI, _CI, _TO_FROM, Effect.BY_STRENGTH, gated=True),
    Relation("CONNECTS_TO", "connects to", "is connected to by", "A network connection that the dependent opens to the provider.", _CI, _CI, _TO_FROM, Effect.BY_STRENGTH, gated=True),
    Relation("EXCHANGES_DATA_WITH", "takes data from", "gives data to", "The consumer takes data from the producer and can wait for it.", _CI, _CI, _TO_FROM, Effect.DEGRADED, gated=True),
    Relation("RUNS_ON", "runs on", "runs", "Software or a workload on what executes it.", _CI, ("Host", "Container", "Cluster", "CloudResource"), _TO_FROM, Effect.DOWN, gated=True),
    Relation("HOSTED_ON", "is hosted on", "hosts", "A virtual thing on what provides it.", _CI, ("Host", "Cluster", "CloudResource", "DatabaseInstance", "SoftwareInstance"), _TO_FROM, Effect.DOWN, gated=True),
    Relation("ATTACHES_TO", "attaches to", "is attached to by", "A host or database on the storage it needs.", _CI, ("StorageVolume", "CloudResource"), _TO_FROM, Effect.DOWN, gated=True),
    Relation("ROUTES_TO", "routes to", "is routed to by", "A load balancer to the pool it spreads calls over.", ("LoadBalancer", "ApiEndpoint", "ServiceInstance", "KubernetesWorkload", "CloudResource", "SoftwareInstance"), _CI, _TO_FROM, Effect.DOWN, gated=True),
    Relation("MEMBER_OF", "is a member of", "has the member", "A node of a redundancy group, of which k of n must serve.", _CI, ("Cluster",), _FROM_TO, Effect.DOWN, gated=True),
    Relation("FAILS_OVER_TO", "fails over to", "stands by for", "The standby that takes over when the primary fails.", _CI, _CI, ImpactDirection.STANDBY),
    Relation("POWERED_BY", "is powered by", "powers", "A device on a power feed; one of its feeds suffices.", _CI, ("PowerFeed",), _TO_FROM, Effect.DOWN, gated=True),
    Relation("LINKED_TO", "is linked to", "is linked to", "A cable between two devices.", ("Host", "NetworkInterface", "LoadBalancer", "StorageVolume", "CloudResource"), ("Host", "NetworkInterface", "LoadBalancer", "StorageVolume", "CloudResource"), ImpactDirection.TOPOLOGY, symmetric=True),
    Relation("LOCATED_IN", "is located in", "locates", "Where it stands; what strikes the place strikes it.", _CI, ("Location",), _TO_FROM, Effect.DOWN),
    Relation("CONTAINS", "contains", "is part of", "A whole and its part.", _CI, _CI, _FROM_TO, Effect.DOWN),
    Relation("SECURED_BY", "is secured by", "secures", "An endpoint and the certificate it shows.", _CI, ("Certificate",), _TO_FROM, Effect.DOWN, gated=True),
    Relation("RESOLVED_BY", "is resolved by", "resolves", "An endpoint and the DNS record that leads to it.", _CI, ("DnsRecord",), _TO_FROM, Effect.DOWN, gated=True),
    Relation("CONTRIBUTES_TO", "contributes to", "is delivered by", "A service instance to an offering, an offering to a business service, a service to a capability.", ("ServiceInstance", "ServiceOffering", "BusinessService", "BusinessApplication"), ("ServiceOffering", "BusinessService", "BusinessCapability"), _FROM_TO, Effect.DOWN, gated=True),
    Relation("USES", "uses", "is used by", "Which service instances a business application consists of.", ("BusinessApplication",), ("ServiceInstance",), _NONE),
    Relation("OWNED_BY", "is owned by", "owns", "Who answers for it.", _CI, ("Team", "Person"), _NONE),
    Relation("SUPPORTED_BY", "is supported by", "supports", "Whom to call when it fails.", _CI, ("Team", "Person"), _NONE),
    Relation("AFFECTS", "affects", "is affected by", "A record and what it concerns.", _RECORD, ("ConfigurationItem", "Record"), _NONE),
    Relation("CAUSED_BY", "is caused by", "caused", "A record and what brought it about.", _RECORD, ("ConfigurationItem", "Record"), _NONE),
    Relation("CHANGES", "changes", "is changed by", "A change and the item it works on.", ("Change",), _CI, _NONE),
    Relation("RELATES_TO", "relates to", "relates to", "Two records, or a record and an item, that belong together.", ("Record",), ("ConfigurationItem", "Record"), _NONE),
)
