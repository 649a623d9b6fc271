"""Tiles, bands, pixels, contrast stretch and ground resolution as arithmetic on numpy arrays."""
