"""Widgets for the questions of a run, its tiles, and what it will cost, also in the dialogs of Processing."""
