"""ITSM records: how they are opened, moved from state to state, linked, numbered and written.

Records are items of category ``record``: they lie in the same store and the same revision log as
configuration items, and are written the same way, by observations of the source ``operator``.
Life cycles are data (:mod:`cmdb.records.lifecycle`); each practice declares its own and adds what
it knows in a package beside this one.
"""
