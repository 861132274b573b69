"""The posterior density and its gradient as compiled machine code, for the sampler: media, noise, priors, data."""
