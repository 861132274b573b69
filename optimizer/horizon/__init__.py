"""A scenario's horizon on its market's calendar: phasing, earlier spend, reach, and what an outcome will be."""
