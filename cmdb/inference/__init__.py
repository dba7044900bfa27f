"""What nobody said and what follows all the same: inferred from what sources report, with a reason.

Each inference can be confirmed or refused by a person, and both are remembered.
"""
