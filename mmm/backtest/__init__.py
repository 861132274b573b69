"""How well the model would have forecast its own history, from several points of it, beside two simple rivals."""
