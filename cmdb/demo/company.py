"""Whose estate the demo estate is: the company, its teams and its business.

The retailer is called Harrowfinch and does not exist; neither do its people and numbers.
"""

from __future__ import annotations

from typing import NamedTuple

COMPANY = "Harrowfinch"
DOMAIN = "harrowfinch.example.org"


class Team(NamedTuple):
    """A team, its mail name, who leads it, and what it is for."""

    name: str
    slug: str
    lead: str
    purpose: str


TEAMS = (
    Team("Commerce", "commerce", "Ines Okafor", "Web shop, catalogue and search."),
    Team("Payments", "payments", "Tobias Lindqvist", "Checkout, payments and invoicing."),
    Team("Fulfilment", "fulfilment", "Marta Quispe", "Stock, warehouses and parcels."),
    Team("Customer", "customer", "Jonah Abernethy", "Accounts, loyalty and messages."),
    Team("Stores", "stores", "Priya Venkataraman", "Tills and everything in the shops."),
    Team("Insights", "insights", "Kwame Adjei", "Figures and recommendations."),
    Team("Platform", "platform", "Sanne de Wit", "Hypervisors, Kubernetes and messaging."),
    Team(
        "Databases",
        "databases",
        "Rafael Monteiro",
        "Database servers and their replication.",
    ),
    Team("Network", "network", "Yuki Hasegawa", "Switches, routers and load balancers."),
    Team("Data Centres", "datacentres", "Fergus Doyle", "Buildings, racks and power."),
)


CAPABILITIES = (
    "Sell Online",
    "Sell in Stores",
    "Fulfil Orders",
    "Care for Customers",
    "Buy and Supply",
    "Steer the Business",
)


class BusinessService(NamedTuple):
    """A business service with its capability and its offerings (name, target, services)."""

    name: str
    capability: str
    criticality: str
    offerings: tuple[tuple[str, float, tuple[str, ...]], ...]


BUSINESS_SERVICES = (
    BusinessService(
        "Online Shop",
        "Sell Online",
        "critical",
        (
            ("Shop for Everyone", 99.9, ("webshop", "checkout")),
            ("Click and Collect", 99.5, ("checkout", "inventory")),
        ),
    ),
    BusinessService(
        "Store Sales",
        "Sell in Stores",
        "critical",
        (("Tills", 99.95, ("store-pos",)), ("Gift Cards", 99.0, ("gift-cards",))),
    ),
    BusinessService(
        "Order Fulfilment",
        "Fulfil Orders",
        "high",
        (
            ("Home Delivery", 99.5, ("warehouse", "shipping")),
            ("Returns Desk", 99.0, ("returns",)),
        ),
    ),
    BusinessService(
        "Customer Care",
        "Care for Customers",
        "high",
        (
            ("Customer Account", 99.5, ("customer", "identity")),
            ("Customer Messages", 98.0, ("notifications",)),
        ),
    ),
    BusinessService(
        "Loyalty Programme",
        "Care for Customers",
        "medium",
        (("Loyalty Card", 99.0, ("loyalty",)),),
    ),
    BusinessService(
        "Supplier Collaboration",
        "Buy and Supply",
        "medium",
        (("Supplier Portal", 99.0, ("supplier-portal",)),),
    ),
    BusinessService(
        "Finance Operations",
        "Steer the Business",
        "high",
        (("Invoicing", 99.5, ("invoicing",)),),
    ),
    BusinessService(
        "Management Reporting",
        "Steer the Business",
        "low",
        (("Sales Dashboard", 97.0, ("reporting",)),),
    ),
)

APPLICATIONS = (
    (
        "Commerce Suite",
        "own",
        ("webshop", "cart", "catalogue", "pricing", "promotions", "media"),
    ),
    ("Checkout and Payments", "own", ("checkout", "payments", "orders", "gift-cards")),
    ("Product Search", "Elastic", ("search",)),
    ("Warehouse Management", "Stocklight", ("inventory", "warehouse", "shipping")),
    (
        "Customer Hub",
        "own",
        ("customer", "identity", "loyalty", "notifications", "returns"),
    ),
    ("Supplier Portal", "own", ("supplier-portal",)),
    ("Till Software", "Pointwise", ("store-pos",)),
    ("Reporting and Finance", "own", ("reporting", "invoicing", "recommendations")),
)
