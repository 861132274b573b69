"""What the data say about a fit before it is done: what makes it meaningless, and what makes it doubtful."""
