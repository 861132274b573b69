"""The rules of a business by topic, each one function beside the sentence that a planner reads."""
