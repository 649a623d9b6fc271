"""From raster layers to pictures (`imagery`), and from answers to results layers (`results`)."""
