"""The split that answers a question, or why there is none and what would have to give way."""
