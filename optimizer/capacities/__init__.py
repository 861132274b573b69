"""Splits under capacities, which are no linear rules: plans and bounds within what can be served in a period."""
