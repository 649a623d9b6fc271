"""Code that the plugin and the backend share, in pure Python and numpy. It does not import Qt, torch or GDAL.

The plugin imports it relatively; the backend imports it as `rsgpt_plugin.shared` from the plugin's folder.
"""
