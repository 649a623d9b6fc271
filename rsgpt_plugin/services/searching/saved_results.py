"""The results of a search in the dock as a layer of the project."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import Qgis, QgsMemoryProviderUtils, QgsVectorLayer

from ...geo.results.layer_metadata import describe_layer
from ...geo.results.styles.similarity_style import style_by_similarity
from ...processing.searching.search_rows import Match, picture_fields, picture_rows
from .search_service import SearchAnswer


def results_layer(answer: SearchAnswer, matches: Sequence[Match], name: str, query: str) -> QgsVectorLayer:
    """Return a temporary layer with these matches of an answer. query: what was searched for, for people."""
    pictures = answer.loaded.pictures
    layer = QgsMemoryProviderUtils.createMemoryLayer(name, picture_fields(), Qgis.WkbType.Polygon, pictures.crs)
    layer.dataProvider().addFeatures(list(picture_rows(matches, pictures, answer.loaded.search, query)))
    layer.updateExtents()
    style_by_similarity(layer)
    describe_layer(layer, query)
    return layer
