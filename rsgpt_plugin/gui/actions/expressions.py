"""Registers the plugin's expression functions in QGIS."""

from __future__ import annotations

from qgis.core import QgsExpression

from ...geo.results.picture_function import NAME, PictureFunction


class Expressions:
    """Registers `rsgpt_picture`. QGIS holds only a pointer, so this object keeps the function alive."""

    def __init__(self) -> None:
        self._picture = PictureFunction()

    def register(self) -> None:
        """Add the function."""
        QgsExpression.registerFunction(self._picture)

    def unregister(self) -> None:
        """Remove the function: map tips that use it then show their text without the picture."""
        QgsExpression.unregisterFunction(NAME)
