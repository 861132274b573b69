"""A phasing of the next horizon from whose data a refit tells channels apart, at a stated cost."""
