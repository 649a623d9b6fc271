"""Registers the plugin's expression functions in QGIS."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsExpression, QgsExpressionFunction, QgsProject

from ...geo.results.picture_function import PictureFunction
from ...services.expressions.asked_places import AskedPlaces
from ...services.expressions.functions import AskFunction, FindFunction
from ...services.expressions.project_layers import ProjectLayers


class Expressions:
    """Registers the functions. QGIS holds only pointers, so this object keeps them alive."""

    def __init__(self) -> None:
        self._functions: list[QgsExpressionFunction] = []
        self._layers: Optional[ProjectLayers] = None
        self._places: Optional[AskedPlaces] = None

    def register(self) -> None:
        """Add the functions."""
        self._layers = ProjectLayers(QgsProject.instance())
        self._places = AskedPlaces(QgsProject.instance())
        self._functions = [PictureFunction(), AskFunction(self._layers, self._places), FindFunction(self._layers)]
        for function in self._functions:
            QgsExpression.registerFunction(function)

    def unregister(self) -> None:
        """Remove the functions: map tips that use one then show their text without the value."""
        for function in self._functions:
            QgsExpression.unregisterFunction(function.name())
        if self._places is not None:
            self._places.close()
        if self._layers is not None:
            self._layers.close()
        self._functions, self._places, self._layers = [], None, None
