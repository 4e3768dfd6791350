"""A flow is tried out on somebody: it is told what would be done for them, and nothing is."""
