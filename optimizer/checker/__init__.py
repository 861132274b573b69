"""Plans checked by means of their own: nothing here is shared with the engines that found them."""
