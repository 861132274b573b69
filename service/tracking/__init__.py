"""Plans against what happened: actuals, pacing, delivered outcomes, their reasons, and the rest of the horizon."""
