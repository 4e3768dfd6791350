"""What becomes of the person: fields, tags, events, segments."""
