"""Plugins of a third party for lookahead-bench."""
