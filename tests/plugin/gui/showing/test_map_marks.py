"""Marks on the map follow what is shown, the visibility of their dock, and the CRS of the map."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem
from qgis.gui import QgsMapCanvas

from rsgpt_plugin.gui.showing.map_marks import MapMarks
from rsgpt_plugin.services.showing.where import Located


def test_marks_are_shown_hidden_and_removed(qgis_canvas: QgsMapCanvas, planes: Located) -> None:
    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    marks = MapMarks(qgis_canvas)
    marks.show(planes)
    assert marks.outline.band is not None
    assert len(marks.outline.band.asGeometry().asGeometryCollection()) == 2
    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    assert abs(marks.outline.band.asGeometry().boundingBox().xMinimum() - 15) < 0.01
    marks.set_wanted(False)
    assert marks.outline.band is None
    marks.set_wanted(True)
    assert marks.outline.band is not None
    marks.show(None)
    assert marks.outline.band is None
    marks.remove()
