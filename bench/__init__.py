"""How fast the product is, each time beside a bare way of doing the same in the same run."""
