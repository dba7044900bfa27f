"""What changes and what changed: deltas, revisions, edits, and the views made from them."""

from cmdb.revisions.delta import (
    Action,
    Commit,
    Delta,
    ItemChange,
    LinkChange,
    Touch,
    WaitingChange,
)
from cmdb.revisions.revision import Edit, Revision
from cmdb.revisions.run import Held, Run, RunStatus

__all__ = [
    "Action",
    "Commit",
    "Delta",
    "Edit",
    "Held",
    "ItemChange",
    "LinkChange",
    "Revision",
    "Run",
    "RunStatus",
    "Touch",
    "WaitingChange",
]
