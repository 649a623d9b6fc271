"""The list of runs: its model, its dialog, and the menu entry that opens it."""
