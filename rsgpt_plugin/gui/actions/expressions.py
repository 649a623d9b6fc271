"""Offers the plugin's expression functions to QGIS. Evaluates nothing."""

from __future__ import annotations

from qgis.core import QgsExpression

from ...geo.results.picture_function import NAME, PictureFunction


class Expressions:
    """Registers `rsgpt_picture`; QGIS holds it by address, so it lives as long as the plugin does."""

    def __init__(self) -> None:
        self._picture = PictureFunction()

    def register(self) -> None:
        """Add the function."""
        QgsExpression.registerFunction(self._picture)

    def unregister(self) -> None:
        """Take it back: a tip that still names it shows its text alone."""
        QgsExpression.unregisterFunction(NAME)
