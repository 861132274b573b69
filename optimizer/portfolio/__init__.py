"""One budget for several markets."""
