"""How much a server may say."""

from __future__ import annotations

MOST_BYTES = 64 * 2**20
"""Bytes: of one answer, or of all where a protocol does not tell how long each is."""
