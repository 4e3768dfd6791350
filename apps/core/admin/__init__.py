"""What all admin pages share: read-only browsers, keyset paging, estimated counts, readable JSON."""
