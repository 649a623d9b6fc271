"""Large rasters without QGIS: tiles in, typed rows out, resumable. It knows models through the engine alone."""
