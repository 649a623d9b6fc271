"""What the plugin and the model's backend both know, in pure Python and numpy: no Qt, no torch, no GDAL.

The plugin imports it relatively, the backend as `rsgpt_plugin.shared`, from the plugin's folder.
"""
