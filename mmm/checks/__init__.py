"""What a fit shows after it is done: measured, judged by gates with verdicts, and added up to a health score."""
