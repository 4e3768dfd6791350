"""What people read of a flow: what it does in words, how it goes in figures, where a mistake stands."""
