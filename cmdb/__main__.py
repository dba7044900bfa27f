"""``python -m cmdb``: the command line."""

from cmdb.cli import main

main()
