"""Webhooks out: what happens here, told to others, signed, at least once and with an id."""
