"""Tasks with a probability over the draws: what they ask, and splits that reach them for the least money."""
