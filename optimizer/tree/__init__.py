"""The best split under linear and integer rules: one tree of branches over switches and S-shaped curves."""
