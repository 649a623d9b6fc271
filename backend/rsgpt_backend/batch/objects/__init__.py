"""Objects of large rasters without QGIS: windows to search, and a layer with each object once."""
