"""Alerts of monitoring tools: read, kept as records, bound to the items that they are about, and
gathered into incidents by the cause that explains them."""
