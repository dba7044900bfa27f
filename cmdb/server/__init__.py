"""The HTTP server around the API: who may come in, what is served besides GraphQL, and where.

:mod:`cmdb.app` puts it together.
"""
