"""Tiles, bands, pixels, stretch, and ground resolution as arithmetic on numpy arrays."""
