"""Batch runs without QGIS: typed rows for the tiles of large rasters, resumable."""
