"""Searches in the background: what is searched, and the service behind the dock."""
