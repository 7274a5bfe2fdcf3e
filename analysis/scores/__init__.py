"""The same statistics for any table of datasets × methods."""
