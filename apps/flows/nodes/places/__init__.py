"""Where people are."""
