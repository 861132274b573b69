"""From a file to a checked market, or to every fault that it has."""
