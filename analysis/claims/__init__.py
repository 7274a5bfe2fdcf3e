"""The comparisons that a sweep declared before its run, and what the results say about each."""
