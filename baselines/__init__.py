"""Everyone else's strategies, one file each."""
