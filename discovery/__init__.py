"""Discovery: scanners that look at the world and say what they saw, as observations.

Each source has a folder of its own with a ``SCANNER``: its manifest, a ``fetch`` that does the I/O
and a ``parse`` that is a pure function of what was fetched. Nothing here knows a store.
"""
