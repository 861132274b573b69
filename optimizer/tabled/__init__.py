"""Responses of many draws as polynomials with a certified error, so that a budget costs next to nothing."""
