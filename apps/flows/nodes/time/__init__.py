"""What time it is, and what lies between times."""
