"""The layer of a search is colored by similarity."""

from __future__ import annotations

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsVectorLayer

from rsgpt_plugin.processing.searching.similarity_styler import SimilarityStyler


def test_polygons_with_similarities_are_styled() -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611&field=similarity:double", "found", "memory")
    SimilarityStyler("boats in scenes").postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
    assert layer.renderer().classAttribute() == "similarity"
    assert layer.metadata().abstract() == "boats in scenes"


def test_other_layers_keep_their_style() -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611&field=a:double", "other", "memory")
    SimilarityStyler("").postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
    assert layer.renderer().type() == "singleSymbol"
