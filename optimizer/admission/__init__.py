"""Whether a scenario fits its market, its geos and the models: every fault at once."""
