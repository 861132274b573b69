"""Markets with a known truth: worlds to draw from, the process that makes the data, what truly lies ahead."""
