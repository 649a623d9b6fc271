"""Toolbar buttons, menu entries, and context menus."""
