"""The GraphQL API: types generated from the catalogue, resolvers over :class:`cmdb.service.Cmdb`.

``graphql/`` is a source root, not a package: ``import graphql`` is graphql-core.
"""
