"""What makes a thing the same thing: identifiers, junk, and the grouping of reports."""
