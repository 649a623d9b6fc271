"""The list of runs: its table model, its dialog and its menu entry."""
