"""Problem management: causes of incidents, found in what keeps happening, and what is done about
them."""
