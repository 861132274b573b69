"""The goal of a year taken apart: by season, by shares, and into the tasks of a horizon."""
