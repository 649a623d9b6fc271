"""Runs started from the interface: tasks, and the layer that their answers reach."""
