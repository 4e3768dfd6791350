"""People on their way: how they enter, go on, rest with their flow, and leave."""
