"""Splits under capacities, which are no linear rules: what can be served in a period, plans and bounds within it."""
