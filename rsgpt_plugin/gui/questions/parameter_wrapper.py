"""The base of the widgets of parameters that follow the other parameters of their dialog."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition, QgsProject
from qgis.gui import QgsAbstractProcessingParameterWidgetWrapper, QgsProcessingGui
from qgis.PyQt.QtWidgets import QWidget


class ParameterWrapper(QgsAbstractProcessingParameterWidgetWrapper):
    """Passes the value of a parameter between Processing and `editor`, which `createWidget` sets."""

    def __init__(
        self,
        parameter: QgsProcessingParameterDefinition,
        kind: QgsProcessingGui.WidgetType,
        parent: Optional[QWidget] = None,
    ) -> None:
        super().__init__(parameter, kind, parent)
        self.editor: Any = None
        self._wrappers: list[Any] = []  # those that it follows

    def followed_values(self) -> dict[str, Any]:
        """Return the values of the followed parameters, by name."""
        return {wrapper.parameterDefinition().name(): wrapper.parameterValue() for wrapper in self._wrappers}


def project_context() -> QgsProcessingContext:
    """Return a context with the open project."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context
