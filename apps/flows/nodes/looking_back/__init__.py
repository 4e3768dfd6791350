"""What happened before: the person's events and sessions."""
