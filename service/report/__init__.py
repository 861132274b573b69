"""What the channels did, as one self-contained page."""
