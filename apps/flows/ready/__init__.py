"""Ready flows: each a file beside this one, which an installation takes as a draft."""
