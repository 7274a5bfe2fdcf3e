"""Rows in; tables, figures and the report out. Imports neither torch nor jax."""
