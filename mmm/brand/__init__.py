"""The long run through brand: indicators as outcomes of brand spend, and what their level does to an outcome."""
