"""Which results table is open, stored in the file of the project as QGIS stores its own attribute tables."""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtXml import QDomDocument

_TAG, _LAYER = "rsgptResultsTable", "layer"


def store_open_table(document: QDomDocument, layer: QgsMapLayer) -> None:
    """Add to a project that is being written that the table of a layer is open."""
    element = document.createElement(_TAG)
    element.setAttribute(_LAYER, layer.id())
    document.documentElement().appendChild(element)


def stored_open_table(document: QDomDocument, project: QgsProject) -> QgsMapLayer | None:
    """Return the layer whose table was open when the project was written, None if there was none."""
    identifier = document.documentElement().firstChildElement(_TAG).attribute(_LAYER)
    return project.mapLayer(identifier)
