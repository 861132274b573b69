"""Expected responses to a budget: one channel, all side by side, and lines above them that are true."""
