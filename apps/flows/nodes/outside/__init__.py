"""What other systems are asked and told."""
