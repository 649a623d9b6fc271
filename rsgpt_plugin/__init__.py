"""The QGIS side of RSGPT. Importing the package needs neither QGIS nor a model."""
