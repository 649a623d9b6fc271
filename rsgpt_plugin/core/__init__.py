"""Stores of the plugin, paths and redaction, in pure Python. It does not import QGIS."""
