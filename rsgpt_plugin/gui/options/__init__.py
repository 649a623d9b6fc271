"""What the user chooses, as a page of QGIS's own options dialog."""
