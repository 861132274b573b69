"""The rules of a split as a program: rows in Pyomo, HiGHS, the problem that is solved, and prices of rules."""
