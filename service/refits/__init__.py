"""Whether a refitted model has earned the champion's place: what moved, what it forecast, and the verdict in words."""
