"""Every similarity from 0 to 1 has a color."""

from __future__ import annotations

import pytest
from qgis.core import QgsVectorLayer

from rsgpt_plugin.geo.results.styles.similarity_style import style_by_similarity


@pytest.mark.parametrize(
    ("similarity", "color"), [(0.0, "#440154"), (0.5, "#3b528b"), (0.89, "#fde725"), (1.0, "#fde725")]
)
def test_each_similarity_has_a_color(similarity: float, color: str) -> None:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611&field=similarity:double", "found", "memory")
    style_by_similarity(layer)
    assert layer.renderer().symbolForValue(similarity).color().name() == color
