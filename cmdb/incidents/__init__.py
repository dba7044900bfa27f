"""Incident management: what is hit, how urgent it is, what caused it, what changed just before, and
whom to call. Every incident knows the graph, and what it knows is refreshed while it is open."""
