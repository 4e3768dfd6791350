"""Which way people go on."""
