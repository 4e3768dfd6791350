"""What is worked out."""
