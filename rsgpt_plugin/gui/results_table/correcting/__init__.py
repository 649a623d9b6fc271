"""Corrections in the results table: editors of answers, of one cell or several rows, undo and redo."""
