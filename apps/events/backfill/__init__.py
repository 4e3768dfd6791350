"""A mapping that was changed, or invented later, is brought to the events that are stored, and to their people."""
