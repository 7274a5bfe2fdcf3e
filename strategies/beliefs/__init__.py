"""Beliefs: what a learner answers on the candidates, and what it would answer after one more label.

The modules here need torch and are imported when a query runs.
"""
