"""What teams are told."""
