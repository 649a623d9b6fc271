"""Training of the finder on the grids of the frozen encoder."""
