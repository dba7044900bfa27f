#!/bin/sh
# Writes what is in a hall as observation lines; the hall is the first argument.
cat <<LINES
{"item": {"kind": "Server", "identifiers": ["serial:4C1-$1"], "properties": {"name": "web-$1"}}}
{"item": {"kind": "PowerFeed", "identifiers": ["key:halls/feed-$1"], "properties": {"name": "feed $1"}}}
{"link": {"relation": "POWERED_BY", "from": "serial:4C1-$1", "to": "key:halls/feed-$1"}}
LINES
