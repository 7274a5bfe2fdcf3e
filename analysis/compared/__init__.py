"""Two results folders beside each other."""
