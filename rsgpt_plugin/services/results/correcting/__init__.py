"""Corrections of answers by hand, with undo."""
