"""The widget of the parameter TILE_SIZE: a number of pixels, which can also be entered in meters."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition, QgsProcessingParameters
from qgis.gui import QgsDoubleSpinBox, QgsGui, QgsProcessingGui
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from ...processing.parameters import TILE_SIZE
from ...services.runs.run_estimate import ground_resolution
from .parameter_wrapper import ParameterWrapper, project_context

_PIXELS, _METERS = "pixels", "meters"


class TileSizeBox(QWidget):
    """Its value is in pixels. changed: after each edit, and when another resolution changes the pixels."""

    changed = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._pixels = int(TILE_SIZE.default or 0)
        self._meters = 0.0  # as entered
        self._resolution: Optional[float] = None
        self.box = QgsDoubleSpinBox()
        self.box.setShowClearButton(False)
        self.unit = QComboBox()
        self.unit.addItem(self.tr("pixels"), _PIXELS)
        self.unit.addItem(self.tr("meters"), _METERS)
        self.other = QLabel()
        self.other.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.unit)
        layout.addWidget(self.other, 1)
        self.setFocusProxy(self.box)
        self.box.valueChanged.connect(self._edit)
        self.unit.currentIndexChanged.connect(lambda index: self._choose_unit())
        self._show()

    def pixels(self) -> int:
        """Return the side length of a tile in pixels."""
        return self._pixels

    def show_pixels(self, pixels: int) -> None:
        """Show a side length, without a signal."""
        self._pixels = pixels
        self._meters = pixels * (self._resolution or 0.0)
        self._show()

    def set_resolution(self, meters: Optional[float]) -> None:
        """Set the meters per pixel, None if they are not known. A size that was entered in meters keeps its meters."""
        if meters == self._resolution:
            return
        self._resolution, before = meters, self._pixels
        if meters is None:
            self.unit.setCurrentIndex(self.unit.findData(_PIXELS))
        elif self._is_in_meters():
            self._pixels = _within(self._meters / meters)
        self._show()
        if self._pixels != before:
            self.changed.emit()

    def _is_in_meters(self) -> bool:
        return bool(self.unit.currentData() == _METERS)

    def _choose_unit(self) -> None:
        self._meters = self._pixels * (self._resolution or 0.0)
        self._show()

    def _edit(self, value: float) -> None:
        if self._is_in_meters() and self._resolution:
            self._meters, self._pixels = value, _within(value / self._resolution)
        else:
            self._pixels = int(value)
        self.other.setText(self._other_text())
        self.changed.emit()

    def _show(self) -> None:
        scale = self._resolution if self._is_in_meters() and self._resolution else 1.0
        self.unit.setEnabled(self._resolution is not None)
        self.box.blockSignals(True)
        self.box.setDecimals(1 if self._is_in_meters() else 0)
        self.box.setRange(TILE_SIZE.minimum * scale, TILE_SIZE.maximum * scale)
        self.box.setValue(self._meters if self._is_in_meters() else self._pixels)
        self.box.blockSignals(False)
        self.other.setText(self._other_text())

    def _other_text(self) -> str:
        """Return the size in the other unit, "" if it is not known."""
        if self._resolution is None:
            return ""
        if self._is_in_meters():
            return self.tr("= {count} pixels").format(count=self._pixels)
        return self.tr("= {size} m").format(size=f"{self._pixels * self._resolution:.4g}")


class TileSizeWrapper(ParameterWrapper):
    """Passes the number of pixels between Processing and a TileSizeBox."""

    def createLabel(self) -> QLabel:  # noqa: N802 - QGIS's name
        """Return the label without the unit, which is beside the number."""
        label = QLabel(self.tr("Tile size"))
        label.setToolTip(self.parameterDefinition().toolTip())
        return label

    def createWidget(self) -> QWidget:  # noqa: N802 - QGIS's name
        """Return a plain widget around the editor, as for the questions."""
        self.editor = TileSizeBox()
        self.editor.changed.connect(lambda: self.widgetValueHasChanged.emit(self))
        frame = QWidget()
        layout = QHBoxLayout(frame)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.editor)
        frame.setFocusProxy(self.editor)
        return frame

    def postInitialize(self, wrappers: list[Any]) -> None:  # noqa: N802 - QGIS's name
        """Follow the resolution of the raster in the dialog."""
        super().postInitialize(wrappers)
        self._wrappers = list(wrappers)
        for wrapper in wrappers:
            if wrapper.parameterDefinition().name() != TILE_SIZE.name:
                wrapper.widgetValueHasChanged.connect(lambda changed: self._refresh())
        self._refresh()

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:  # noqa: N802 - QGIS's name
        self.editor.show_pixels(QgsProcessingParameters.parameterAsInt(self.parameterDefinition(), value, context))
        self.widgetValueHasChanged.emit(self)

    def widgetValue(self) -> int:  # noqa: N802 - QGIS's name
        return int(self.editor.pixels())

    def _refresh(self) -> None:
        algorithm = self.parameterDefinition().algorithm()
        self.editor.set_resolution(ground_resolution(algorithm, self.followed_values(), project_context()))


class TileSizeDialogWrapper:
    """Creates the wrapper for a dialog of Processing; QGIS's own wrapper for batch mode and the modeler."""

    def __new__(cls, parameter: QgsProcessingParameterDefinition, dialog: Any, *others: Any, **options: Any) -> Any:
        kinds, registry, name = QgsProcessingGui.WidgetType, QgsGui.processingGuiRegistry(), type(dialog).__name__
        if name == "ModelerParametersDialog":
            return registry.createModelerParameterWidget(dialog.model, dialog.childId, parameter, dialog.context)
        if name == "BatchAlgorithmDialog":
            return registry.createParameterWidgetWrapper(parameter, kinds.Batch)
        return TileSizeWrapper(parameter, kinds.Standard)


def _within(pixels: float) -> int:
    return int(min(max(round(pixels), TILE_SIZE.minimum), TILE_SIZE.maximum))
