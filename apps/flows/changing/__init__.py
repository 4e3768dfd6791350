"""How a flow changes: its draft and versions, whether it is on, as a file, and how it goes."""
