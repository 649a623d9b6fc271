"""Conversion of published checkpoints of the family to model folders."""
