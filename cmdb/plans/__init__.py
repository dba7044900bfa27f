"""Plans of other tools, read into what each of their resources goes through. No I/O."""

from cmdb.plans.plan import Effect, KubernetesObject, Plan, PlannedResource
from cmdb.plans.read import read_plan

__all__ = ["Effect", "KubernetesObject", "Plan", "PlannedResource", "read_plan"]
