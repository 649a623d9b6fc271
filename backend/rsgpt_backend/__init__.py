"""RSGPT's model side: it answers questions about pictures and knows nothing of QGIS."""

__version__ = "0.1.0"
