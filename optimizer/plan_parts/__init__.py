"""The parts of a plan, each worked out from a question and its answer."""
