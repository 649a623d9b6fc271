"""The QGIS side of RSGPT. Importing this package needs neither qgis nor a model."""
