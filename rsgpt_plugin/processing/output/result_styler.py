"""Styles the layer of a run after Processing has loaded it."""

from __future__ import annotations

from typing import ClassVar

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...core.run_store import RunRequest
from ...geo.results.layer_metadata import describe_layer, record_run
from ...geo.results.styles.style import show_styled
from .destination import layers_showing


class StyledLayers(QObject):
    """styled: a layer of a run that is in the project, with its style."""

    styled = pyqtSignal(QgsVectorLayer)


styled_layers = StyledLayers()


class ResultStyler(QgsProcessingLayerPostProcessorInterface):
    """Styles a results layer and records its run, on the main thread after Processing loads the layer.

    Processing may load a layer of the project again, and others may show the same table. They get the new columns.
    A default style that the user stored for the file is kept.

    Processing owns the C++ object. The Python part would be deleted with the algorithm, before it is used, so the class
    keeps a reference until then.
    """

    _waiting: ClassVar[set[ResultStyler]] = set()

    def __init__(self, run: RunRequest | None = None, description: str = "") -> None:
        """run: the request to store with the layer. description: of the run, for people."""
        super().__init__()
        self._run = run
        self._description = description
        self._waiting.add(self)

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Apply the style to a vector layer and record its run."""
        self._waiting.discard(self)
        if isinstance(layer, QgsVectorLayer):
            layer.reload()
            show_styled(layer)
            self._record(layer)
            for other in layers_showing(layer.source(), context.project()):
                columns = other.fields().names()
                other.reload()
                if other.fields().names() != columns:  # its style is that of the old ones
                    show_styled(other)
                self._record(other)
            styled_layers.styled.emit(layer)

    def _record(self, layer: QgsVectorLayer) -> None:
        if self._run is not None:
            record_run(layer, self._run)
        if self._description:
            describe_layer(layer, self._description)
