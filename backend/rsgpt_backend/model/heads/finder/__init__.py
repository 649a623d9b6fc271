"""The finder: points of named objects and maps of regions, from the grids of the frozen encoder."""
