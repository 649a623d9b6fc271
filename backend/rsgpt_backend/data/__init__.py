"""Pictures, rasters, and annotations in the layouts of published data sets."""
