"""The dialog of “Export…”: rows, format and destination."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QWidget

from ...geo.results.layer_rows import LayerRow
from ...services.results.exporting import ExportDestination, ExportFormat
from ..widgets import text_label


class ExportDialog(QDialog):
    """Can be accepted only when a destination is entered."""

    def __init__(
        self,
        all_rows: Sequence[LayerRow],
        shown: Sequence[LayerRow],
        selected: Sequence[LayerRow],
        parent: Optional[QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export results"))
        self._groups = [selected] if selected else []
        self.which = QComboBox()
        if selected:
            self.which.addItem(self.tr("Selected rows ({count})").format(count=len(selected)))
        if len(shown) < len(all_rows):
            self._groups.append(shown)
            self.which.addItem(self.tr("Rows shown ({count})").format(count=len(shown)))
        self._groups.append(all_rows)
        self.which.addItem(self.tr("All rows ({count})").format(count=len(all_rows)))
        self.format = QComboBox()
        self.file = QgsFileWidget()
        self.about = text_label()
        roles = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(roles.Ok | roles.Cancel)
        self._formats()
        self._lay_out()
        self._on_format()

    def rows(self) -> Sequence[LayerRow]:
        """Return the rows to export."""
        return self._groups[self.which.currentIndex()]

    def destination(self) -> ExportDestination:
        """Return format and path; a missing file extension is added."""
        kind = ExportFormat(self.format.currentData())
        path = Path(self.file.filePath().strip())
        if kind.value and path.suffix.lower() != kind.value:
            path = path.with_name(path.name + kind.value)
        return ExportDestination(kind, path)

    def _formats(self) -> None:
        for label, kind in (
            (self.tr("GeoPackage (.gpkg)"), ExportFormat.GEOPACKAGE),
            (self.tr("Table for spreadsheets (.csv)"), ExportFormat.SHEET),
            (self.tr("GeoJSON (.geojson)"), ExportFormat.GEOJSON),
            (self.tr("Report with pictures (.html)"), ExportFormat.REPORT),
            (self.tr("Training dataset (folder)"), ExportFormat.DATASET),
        ):
            self.format.addItem(label, kind.value)

    def _lay_out(self) -> None:
        self.setMinimumWidth(480)
        layout = QFormLayout(self)
        layout.addRow(self.tr("Rows"), self.which)
        layout.addRow(self.tr("Format"), self.format)
        layout.addRow(self.tr("Save to"), self.file)
        layout.addRow(self.about)
        layout.addRow(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.format.currentIndexChanged.connect(lambda number: self._on_format())
        self.file.fileChanged.connect(lambda path: self._update())

    def _on_format(self) -> None:
        kind = ExportFormat(self.format.currentData())
        modes = QgsFileWidget.StorageMode
        self.file.setStorageMode(modes.GetDirectory if kind is ExportFormat.DATASET else modes.SaveFile)
        self.file.setFilter(f"*{kind.value}" if kind.value else "")
        self.about.setText(
            {
                ExportFormat.GEOPACKAGE: self.tr(
                    "All columns and geometries, in the layer's coordinate reference system (CRS)."
                ),
                ExportFormat.SHEET: self.tr(
                    "All columns, with longitude and latitude. Spreadsheets do not treat any text as a formula."
                ),
                ExportFormat.GEOJSON: self.tr("All columns and geometries, in degrees (WGS 84)."),
                ExportFormat.REPORT: self.tr(
                    "A single page with embedded pictures, to read, filter and print anywhere."
                ),
                ExportFormat.DATASET: self.tr(
                    "Pictures as PNG, with captions.json (RSICap format) and questions.json (RSIEval "
                    "format). Your corrections replace the model's answers."
                ),
            }[kind]
        )
        self._update()

    def _update(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(bool(self.file.filePath().strip()))
