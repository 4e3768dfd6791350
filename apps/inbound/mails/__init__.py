"""What a mail says, whatever is in it: its people, text and attachments, and what it reports or answers."""
