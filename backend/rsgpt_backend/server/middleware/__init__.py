"""Checks that a request passes before a route handles it, one concern per file."""
