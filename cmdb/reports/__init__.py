"""Reports on the practices: ITIL 4 metrics, ISO/IEC 20000-1:2018, COBIT 2019, DORA and flow.

Each is computed from the records as they were at a revision, so that the same number gives the
same report again. What a person must attest is never claimed.
"""
