"""Splits for the worst draws: the most that they bring, and the least regret in them."""
