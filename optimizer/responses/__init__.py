"""What the channels bring over a scenario's horizon, on all draws: for searches, and the numbers that are reported."""
