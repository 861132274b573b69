"""HTTP interface; this process never imports a sampler."""
