"""Tables and queries of databases, read row by row as they grow and change: what all kinds of databases share."""
