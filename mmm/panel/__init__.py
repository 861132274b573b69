"""Geos fitted side by side: what goes in, what is sampled, the model as PyMC states it, and what comes out."""
