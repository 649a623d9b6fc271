"""Search in QGIS: the pictures to search, their index, scores, and the algorithm."""
