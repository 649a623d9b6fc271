"""`rsgpt:styleresults`: the style, form and map tips of results for a layer of `rsgpt batch` or of another computer."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterVectorLayer,
    QgsProcessingUtils,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..errors import OutputError
from ..geo.results.layer_metadata import has_style
from ..geo.results.styles.stored_style import StyleUpdate
from ..geo.results.styles.style import apply_style
from ..icons import plugin_icon
from .algorithm_base import Parameters, report_errors

translate = QCoreApplication.translate

_INPUT, _STORE = "INPUT", "STORE"


class StyleResults(QgsProcessingAlgorithm):
    """Styles a results layer of the project, and stores the style in its GeoPackage."""

    def __init__(self) -> None:
        super().__init__()
        self._layer = ""
        self._update: StyleUpdate | None = None

    def name(self) -> str:
        return "styleresults"

    def displayName(self) -> str:
        return self.tr("Style as results")

    def group(self) -> str:
        return self.tr("Describe imagery")

    def groupId(self) -> str:
        return "describe"

    def icon(self) -> QIcon:
        return plugin_icon()

    def tags(self) -> list[str]:
        return self.tr("caption,answer,style,form,map tip,results,layer").split(",")

    def shortDescription(self) -> str:
        return self.tr("Gives a layer with results its style, form, and map tips.")

    def shortHelpString(self) -> str:
        return self.tr(
            "This algorithm styles a layer with results, for example of `rsgpt batch` or of another computer: outlines "
            "by confidence, labels, map tips, and the form. It can also store this style in the GeoPackage of the "
            "layer, so that new projects show it. A default style that you stored yourself stays the default."
        )

    def createInstance(self) -> StyleResults:
        return StyleResults()

    def tr(self, text: str) -> str:
        """Return `text` in the user's language."""
        return translate("Rsgpt", text)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        types = [QgsProcessing.SourceType.TypeVector]
        self.addParameter(QgsProcessingParameterVectorLayer(_INPUT, self.tr("Results layer"), types))
        label = self.tr("Store the style in the file (GeoPackage only)")
        self.addParameter(QgsProcessingParameterBoolean(_STORE, label, defaultValue=True))
        self.addOutput(QgsProcessingOutputVectorLayer("OUTPUT", self.tr("Styled layer")))

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Return whether the values can be used, and otherwise a message."""
        layer = self.parameterAsVectorLayer(parameters, _INPUT, context)
        if layer is not None and not has_style(layer):
            return False, self.tr("The layer does not have the columns of results. Choose another one.")
        is_valid, message = super().checkParameterValues(parameters, context)
        return is_valid, message

    @report_errors
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        layer = self.parameterAsVectorLayer(parameters, _INPUT, context)
        if layer is None:
            raise QgsProcessingException(self.invalidSourceError(parameters, _INPUT))
        self._layer = layer.id()
        # On the main thread, which has the file open.
        self._update = StyleUpdate.ours(layer) if self.parameterAsBool(parameters, _STORE, context) else None
        return True

    @report_errors
    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        if self._update is not None:
            try:
                self._update.store()
            except (OutputError, OSError) as error:  # the layer is styled, as the file may be read-only
                feedback.pushWarning(str(error))
        return {"OUTPUT": self._layer}

    @report_errors
    def postProcessAlgorithm(self, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Style the layer on the main thread."""
        layer = QgsProcessingUtils.mapLayerFromString(self._layer, context)
        if isinstance(layer, QgsVectorLayer):
            apply_style(layer)
        return {"OUTPUT": self._layer}
