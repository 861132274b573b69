"""Plans by channel and geo of a panel."""
