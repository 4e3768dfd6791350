"""A definition of a flow is run over stored events and people: how many would enter, and where they would go.

Nothing comes of it: each page of people is gone through in memory, in a transaction in which nothing can be written.
"""
