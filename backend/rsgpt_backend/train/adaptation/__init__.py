"""Adaptation of the encoder to aerial pictures, before it is frozen."""
