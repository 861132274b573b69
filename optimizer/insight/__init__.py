"""What a plan leaves open: other plans as good, how well the split is known, and what to test next."""
