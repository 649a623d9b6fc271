"""Objects that a finder finds: points with boxes, the windows in which a raster is searched, and their merging."""
