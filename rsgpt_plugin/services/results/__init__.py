"""Work on results layers: reading rows, corrections, asking again, thumbnails and exports."""
