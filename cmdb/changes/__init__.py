"""Change enablement: what a change hits, how risky it is, what is in its way, who agrees, and what
became of it. Whatever is edited outside every agreed change is found here as well."""
