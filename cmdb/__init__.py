"""A configuration management database on a graph: the core of the product."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cmdb-graph")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
