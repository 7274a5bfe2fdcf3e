"""A benchmark harness for comparing active-learning acquisition strategies."""

__version__ = "0.1.0"
