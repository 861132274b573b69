"""What is asked: a scenario with its rules, goal, geos and new channels, and spend that is known."""
