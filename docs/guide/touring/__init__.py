"""The guide's tour: what it does in QGIS's window, with the mouse and the keys. Part of no package that is shipped."""
