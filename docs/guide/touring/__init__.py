"""The guide's tour: actions in QGIS's window with mouse and keyboard. It is not part of the plugin package."""
