"""What is answered, as documents: plans, their figures, what they leave open, and the split over several markets."""
