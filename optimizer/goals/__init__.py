"""The goal of a year taken apart, and budgets from the bottom up; both ledgers of a budget."""
