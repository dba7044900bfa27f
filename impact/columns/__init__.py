"""Large estates in columns: read from a store's rows, and led on from revision to revision.

An estate of a million items as Python objects takes gigabytes and minutes. Here items stay the text
that the store gave, links are a few numbers each, and both become values where they are asked for.
What a revision changes is laid over what was there; readers of the estate before keep what they
see.
"""
