"""Shell around the model and the optimiser: CLI, HTTP, storage."""
