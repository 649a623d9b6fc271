"""Widgets in which users write the questions of a run."""
