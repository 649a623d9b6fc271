"""How much of a legend the layer tree shows."""

from __future__ import annotations

from qgis.core import QgsProject, QgsVectorLayer

_MOST_CLASSES = 8


def fold_long_legend(layer: QgsVectorLayer) -> None:
    """Collapse a layer in the layer tree of its project if its legend has many classes."""
    project, renderer = layer.project(), layer.renderer()
    node = project.layerTreeRoot().findLayer(layer) if isinstance(project, QgsProject) else None
    if node is not None and renderer is not None and len(renderer.legendSymbolItems()) > _MOST_CLASSES:
        node.setExpanded(False)
