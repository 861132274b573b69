"""An exact engine of its own for splits that nothing holds but a budget and the range of each channel."""
