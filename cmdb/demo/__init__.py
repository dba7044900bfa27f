"""The demo estate: what the sources of Harrowfinch, a retailer that does not exist, report.

The cast of the default estate, one bay of racks in two data centres:

- *Facility*: sites ``dc1`` and ``dc2`` with rooms and racks (``dc1-r01`` to ``dc2-r04``); feeds
  ``dc1-r01-feed-a`` and ``-b`` on the supplies ``dc1-ups-a`` and ``-b``.
- *Network*: ``dc1-core-sw1`` and ``-sw2``, ``dc1-gw1``, ``dc1-fw1``, ``dc1-dist-sw1`` and ``-sw2``,
  two access switches a rack (``dc1-r01-acc-sw1``), circuits ``wan-dc1-dc2-a`` and ``-b``.
- *Compute*: hypervisors ``dc1-hv01`` to ``dc2-hv08``, database servers ``dc1-db01`` to
  ``dc2-db04``, virtual machines named after what they are for (``dc1-payments-1``).
- *Platform*: Kubernetes ``k8s-prod`` and ``k8s-staging``, load balancers ``dc1-lb1`` and
  ``dc2-lb1`` with a virtual server and a pool for each pooled service (``vip-search`` and
  ``pool-search``), databases with standbys in the other data centre (``orders-db-1``,
  ``orders-db-2``), queues.
- *Delivery and business*: 24 services in production and 16 of them in staging
  (``checkout@production``), offerings, business services, capabilities, applications, ten teams.

Five sources report it: ``netbox`` (hours old), ``vcenter``, ``monitoring`` and ``kubernetes``
(minutes old) and ``service-catalogue`` (days old). They disagree about memory, operating systems,
vendors and versions.

What is wrong with it:

- both machines of ``search`` run on ``dc1-hv03``, both of ``loyalty-db`` on ``dc2-hv05``, both pods
  of ``recommendations`` on one node, and both feeds of rack ``dc2-r02`` hang on ``dc2-ups-a``;
- rack ``dc1-r03`` has one switch with one uplink, and ``ledger-db`` in it has no standby;
- ``dc1-fax-gateway``, ``dc1-ftp``, ``dc1-old-intranet`` and ``dc1-migration-test`` were last seen
  90 days ago;
- ``dc2-backup1`` and ``dc2-print1`` are two items each: two sources share no identifier of them;
- ``gift-cards`` and ``recommendations`` have no owner, nor has many a machine;
- ``dc1-reporting-1`` talks to a database that nobody has reported.

Larger estates repeat this bay, 25 bays to a pair of data centres; names of the further ones carry
the bay's number (``checkout-s0017@production``), and all their ``identity`` services depend on the
first one's. All names, addresses and telephone numbers are fictional.
"""

from cmdb.demo.estate import MAX_ITEMS, demo_observations, smallest_estate
from cmdb.demo.highlights import Highlight, highlights

__all__ = ["MAX_ITEMS", "Highlight", "demo_observations", "highlights", "smallest_estate"]
