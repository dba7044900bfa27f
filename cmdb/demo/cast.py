"""Which services, databases and products play in the demo estate: tables and nothing else."""

from __future__ import annotations

from typing import NamedTuple


class Service(NamedTuple):
    """A service and what it rests on.

    ``runs`` is ``k8s`` or the product that its pool of virtual machines runs. ``hard`` and ``soft``
    are other services, ``takes`` are services it takes data from, ``queues`` what it reads.
    ``min_up`` is how many of its ``size`` pods or machines it needs.
    """

    name: str
    team: str
    criticality: str
    runs: str
    size: int = 2
    min_up: int = 1
    databases: tuple[str, ...] = ()
    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    clouds: tuple[str, ...] = ()
    staging: bool = True


SERVICES = (
    Service(
        "webshop",
        "Commerce",
        "critical",
        "k8s",
        4,
        2,
        hard=("catalogue", "cart"),
        soft=("checkout", "search", "identity", "recommendations", "media"),
    ),
    Service(
        "checkout",
        "Payments",
        "critical",
        "k8s",
        3,
        1,
        hard=("cart", "payments", "orders", "pricing"),
        soft=("promotions", "gift-cards", "loyalty"),
    ),
    Service(
        "payments",
        "Payments",
        "critical",
        "tomcat",
        3,
        1,
        ("payments", "ledger"),
        clouds=("card-acquirer-a", "card-acquirer-b"),
    ),
    Service(
        "orders",
        "Payments",
        "critical",
        "k8s",
        3,
        1,
        ("orders",),
        soft=("notifications",),
    ),
    Service("cart", "Commerce", "critical", "k8s", 3),
    Service(
        "catalogue",
        "Commerce",
        "critical",
        "k8s",
        3,
        1,
        ("catalogue",),
        soft=("media",),
    ),
    Service("search", "Commerce", "high", "elasticsearch", 2, 1, takes=("catalogue",)),
    Service("pricing", "Commerce", "high", "k8s", 2, 1, ("pricing",)),
    Service(
        "promotions",
        "Commerce",
        "medium",
        "k8s",
        2,
        1,
        ("pricing",),
        hard=("pricing",),
        staging=False,
    ),
    Service(
        "inventory",
        "Fulfilment",
        "high",
        "tomcat",
        2,
        1,
        ("inventory",),
        queues=("order-events",),
    ),
    Service(
        "warehouse",
        "Fulfilment",
        "high",
        "tomcat",
        2,
        1,
        ("warehouse",),
        hard=("inventory",),
        queues=("pick-requests",),
    ),
    Service(
        "shipping",
        "Fulfilment",
        "high",
        "tomcat",
        2,
        1,
        hard=("warehouse",),
        queues=("shipment-requests",),
        staging=False,
    ),
    Service(
        "returns",
        "Customer",
        "medium",
        "k8s",
        2,
        hard=("orders",),
        soft=("payments",),
        staging=False,
    ),
    Service("customer", "Customer", "high", "k8s", 3, 1, ("customer",), hard=("identity",)),
    Service("identity", "Customer", "critical", "keycloak", 3, 1, ("identity",)),
    Service(
        "loyalty",
        "Customer",
        "medium",
        "tomcat",
        2,
        1,
        ("loyalty",),
        hard=("customer",),
        staging=False,
    ),
    Service(
        "recommendations",
        "Insights",
        "low",
        "k8s",
        2,
        takes=("orders", "catalogue"),
        staging=False,
    ),
    Service(
        "notifications",
        "Customer",
        "medium",
        "k8s",
        2,
        queues=("notifications",),
        clouds=("mail-relay",),
    ),
    Service(
        "reporting",
        "Insights",
        "low",
        "metabase",
        2,
        1,
        ("reporting",),
        takes=("orders", "inventory"),
        queues=("sales-figures",),
    ),
    Service(
        "invoicing",
        "Payments",
        "high",
        "tomcat",
        2,
        1,
        ("ledger",),
        takes=("payments",),
        queues=("invoice-requests",),
        staging=False,
    ),
    Service(
        "supplier-portal",
        "Fulfilment",
        "medium",
        "tomcat",
        2,
        hard=("identity", "inventory"),
        staging=False,
    ),
    Service(
        "store-pos",
        "Stores",
        "critical",
        "tomcat",
        3,
        2,
        hard=("pricing", "payments"),
        soft=("loyalty",),
        queues=("till-receipts",),
    ),
    Service("media", "Commerce", "medium", "k8s", 2, clouds=("media-bucket",)),
    Service(
        "gift-cards",
        "Payments",
        "low",
        "k8s",
        2,
        1,
        ("customer",),
        soft=("payments",),
        staging=False,
    ),
)

QUEUES = (
    "order-events",
    "pick-requests",
    "shipment-requests",
    "notifications",
    "sales-figures",
    "invoice-requests",
    "till-receipts",
    "stock-levels",
)

CLOUD_RESOURCES = (
    ("card-acquirer-a", "payment gateway", "Where card payments are authorised."),
    (
        "card-acquirer-b",
        "payment gateway",
        "The second way to authorise card payments.",
    ),
    ("mail-relay", "mail service", "Sends what customers are told."),
    ("media-bucket", "object store", "Holds product pictures."),
)

PRODUCT_PORTS = {
    "tomcat": (8443, "10.1.24"),
    "keycloak": (8443, "24.0.5"),
    "elasticsearch": (9200, "8.13.4"),
    "metabase": (3000, "0.49.10"),
    "redis": (6379, "7.2.5"),
    "rabbitmq": (5672, "3.13.3"),
    "bind": (53, "9.18.24"),
    "openldap": (636, "2.6.7"),
    "openssh": (22, "9.2p1"),
    "kubelet": (10250, "1.29.5"),
    "store-sync": (9443, "5.3.1"),
    "prometheus": (9090, "2.52.0"),
    "opensearch": (9200, "2.14.0"),
}


class DatabaseServer(NamedTuple):
    """A database instance: who runs it where. A place is (data centre 0 or 1, server 0 to 3).

    ``virtual`` ones run on virtual machines of their own instead.
    """

    name: str
    engine: str
    port: int
    version: str
    places: tuple[tuple[int, int], ...]
    databases: tuple[str, ...]
    virtual: bool = False
    environment: str = "production"


DATABASE_SERVERS = (
    DatabaseServer("orders-db", "postgresql", 5432, "16.3", ((0, 0), (1, 0)), ("orders",)),
    DatabaseServer("payments-db", "postgresql", 5433, "16.3", ((0, 2), (1, 2)), ("payments",)),
    DatabaseServer("ledger-db", "postgresql", 5434, "13.14", ((0, 2),), ("ledger",)),
    DatabaseServer("catalogue-db", "mariadb", 3306, "10.11.8", ((0, 1), (1, 1)), ("catalogue",)),
    DatabaseServer("pricing-db", "mariadb", 3307, "10.11.8", ((1, 1), (0, 1)), ("pricing",)),
    DatabaseServer("inventory-db", "postgresql", 5432, "15.7", ((0, 3), (1, 3)), ("inventory",)),
    DatabaseServer("warehouse-db", "postgresql", 5433, "15.7", ((1, 0), (0, 0)), ("warehouse",)),
    DatabaseServer("customer-db", "postgresql", 5434, "16.3", ((1, 3), (0, 3)), ("customer",)),
    DatabaseServer(
        "identity-db",
        "postgresql",
        5435,
        "16.3",
        ((1, 2), (0, 1), (1, 1)),
        ("identity",),
    ),
    DatabaseServer("reporting-db", "postgresql", 5436, "14.12", ((1, 1),), ("reporting",)),
    DatabaseServer(
        "loyalty-db",
        "mariadb",
        3306,
        "10.6.18",
        ((1, 0), (1, 1)),
        ("loyalty",),
        virtual=True,
    ),
    DatabaseServer(
        "staging-db",
        "postgresql",
        5437,
        "16.3",
        ((1, 3),),
        (
            "payments",
            "ledger",
            "orders",
            "catalogue",
            "pricing",
            "inventory",
            "warehouse",
            "customer",
            "identity",
            "reporting",
        ),
        environment="staging",
    ),
)

PUBLIC = (
    "webshop",
    "checkout",
    "identity",
    "customer",
    "supplier-portal",
    "store-pos",
    "media",
    "returns",
)
"""Services with an interface of their own to the outside, a certificate and a DNS record."""

INFRASTRUCTURE = (
    ("dns", "bind", (0, 1)),
    ("directory", "openldap", (0, 1)),
    ("logs", "opensearch", (0, 1)),
    ("session-cache", "redis", (0, 1)),
    ("monitor", "prometheus", (0,)),
    ("jump", "openssh", (0, 1)),
    ("mq", "rabbitmq", (0, 1, 1)),
)
"""Virtual machines that all services share: what for, the product, the data centres they are in."""
