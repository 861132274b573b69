"""A scenario put to the models of its market, what it wants most of, and what it comes down to."""
