"""Budget optimiser: scenario and response curves in, certified plan out."""
