"""Channels without history: what a planner assumes of them, and the models that know them."""
