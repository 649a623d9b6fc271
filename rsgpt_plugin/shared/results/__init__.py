"""Columns and rows of results."""
