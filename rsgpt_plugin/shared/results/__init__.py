"""Columns and rows of a result."""
