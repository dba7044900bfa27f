"""The fields of the query type, a module per noun. Each returns fields by their Python names."""
