"""What each ITSM practice adds to the schema: one module a practice.

A module has ``TYPES`` and ``ROOTS``, the names that no kind of a user's can take, and the functions
``queries``, ``mutations`` and ``extra_fields``.
"""

from __future__ import annotations

import cmdb_graphql.practices.alerts as alerts
import cmdb_graphql.practices.change as change
import cmdb_graphql.practices.configuration as configuration
import cmdb_graphql.practices.discovery as discovery
import cmdb_graphql.practices.incident as incident
import cmdb_graphql.practices.problem as problem
import cmdb_graphql.practices.report as report
import cmdb_graphql.practices.request as request
from cmdb_graphql.practices.practice import Practice

PRACTICES: tuple[Practice, ...] = (
    incident,
    problem,
    change,
    request,
    configuration,
    discovery,
    report,
    alerts,
)
"""All of them; a new one is named here and nowhere else."""
